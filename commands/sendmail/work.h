// What the modes of sendmail share: the command line, the settings, and how an error reaches whoever called.
#pragma once

#include <sysexits.h>

#include <string>
#include <string_view>
#include <vector>

#include "core/settings/settings.h"
#include "options.h"
#include "system/config/load.h"
#include "system/submission/originator.h"
#include "system/submission/submission.h"

namespace sluice::sendmail {

// A setting to which the command line gives a value, and the name that it has there.
struct SettingGiven {
  std::string_view setting;
  std::string name;
};

struct Work {
  std::string program;  // the name it was called by
  Options options;
  settings::Settings settings{};
  config::Overrides overrides;      // what of the settings the command line gave
  std::vector<SettingGiven> given;  // the settings that these are
  submission::Names names;
  submission::Doors doors;
  submission::Originator caller;
  std::string own_address;  // the caller as the sender of mail: stored form

  // "sendmail: TEXT" on standard error, unless errors are to be quiet.
  void say(std::string_view text) const;
  // say(), and the status.
  int fail(int status, std::string_view text) const;
};

// "PROGRAM: TEXT" on standard error.
void complain(std::string_view program, std::string_view text);
// The same; texts that are known word for word are printed alone, a line each, and also logged by syslog.
void complain(std::string_view program, const Misuse& misuse);

// Each mode; the exit status.
int deliver(const Work& work);
int serve_smtp(const Work& work);
int verify(const Work& work);
int list_queue(const Work& work);
int count_queue(const Work& work);
int run_queue(const Work& work);
int rebuild_aliases(const Work& work);
int hold(const Work& work);

// The status that tells a caller why a message was refused by the queue.
int status_of(const submission::Refusal& refusal);

}  // namespace sluice::sendmail
