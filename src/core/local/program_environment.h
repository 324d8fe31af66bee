// What a program in a .qmail or .forward file is told: the variables of qmail-command(8), and the sender under which
// forwarded copies go out (NEWSENDER). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"

namespace sluice::local {

struct DeliveryFacts {
  std::string sender;      // of the envelope; empty: the null sender
  std::string new_sender;  // of new_sender()
  std::string local;       // the local part of the recipient
  std::string host;        // its domain
  std::string user, home;
  std::string ext;                          // the extension
  std::optional<std::string> default_part;  // what "default" in the .qmail file's name stands for
  WallTime started;                         // for UFLINE, shown in UTC
};

// SENDER NEWSENDER RECIPIENT USER HOME HOST HOST2 HOST3 HOST4 LOCAL EXT EXT2 EXT3 EXT4 DEFAULT DTLINE RPLINE UFLINE.
// DEFAULT is missing unless `default_part`: the caller must unset it. NUL and line feed in a value become '_'; the
// three header lines end in one line feed.
std::vector<std::pair<std::string, std::string>> program_environment(const DeliveryFacts& facts);

// Which of the list owner's files exist (owner_files()).
struct OwnerFilesFound {
  bool owner = false, owner_default = false;
};

// The sender of what is forwarded: the null sender and "#@[]" stay; without a list owner's file the sender stays;
// LOCAL-owner@HOST with one; LOCAL-owner-@HOST-@[] (the VERP form) if there is an -owner-default file too.
std::string new_sender(std::string_view sender, std::string_view local, std::string_view host, OwnerFilesFound found);

}  // namespace sluice::local
