// What one source says about one setting, before anybody asked whether it is right. The readers of the sources produce
// these; evaluate() puts them in order. Internal to this folder.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/settings/sources.h"
#include "core/settings/table.h"

namespace sluice::settings {

struct Piece {  // the text of a scalar, or of one entry of a list
  std::string text;
  std::uint32_t line = 0;    // of its first octet, from 1; 0: the source has no lines
  std::uint32_t column = 0;  // from 1
  bool exact = true;         // octet n of the text stands n columns further on
};

struct Assignment {
  const Declaration* setting;
  Origin origin;
  std::string where;            // as in Problem
  std::vector<Piece> pieces{};  // a scalar has one
  TimeUnit unit = TimeUnit::kSeconds;
};

void read_toml(const Text& file, std::vector<Assignment>& assignments, std::vector<Problem>& problems);
void read_control(const Text& file, std::vector<Assignment>& assignments, std::vector<Problem>& problems);
void read_environment(const Assigned& variable, std::vector<Assignment>& assignments);
void read_command_line(const Assigned& given, std::vector<Assignment>& assignments, std::vector<Problem>& problems);

}  // namespace sluice::settings
