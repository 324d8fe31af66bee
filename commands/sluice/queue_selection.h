// The options by which `sluice queue` and its orders name messages: sendmail's -qI -qR -qS -qQ -qG in modern spelling,
// each negatable, all ANDed, and ages. What they say becomes a select::Selector, which the qmail-send of each queue
// applies, and a choice of queues.
#pragma once

#include <CLI/CLI.hpp>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "core/select/selector.h"
#include "system/observe/queues.h"

namespace sluice::commands {

struct Selection {
  select::Selector selector{};
  std::vector<std::string> groups{}, other_groups{};  // as given: of this group; of none of these
  bool narrows_view = false;                          // --held or --not-held said more than the command itself does
  bool names_anything() const {
    return !selector.selects_all() || !groups.empty() || !other_groups.empty() || narrows_view;
  }
};

// Lives as long as the command whose options it added.
class SelectionOptions {
 public:
  // view: what a command is about that is told nothing of --held. without_reason: --reason means something else to it.
  SelectionOptions(CLI::App& command, select::View view, bool without_reason = false);
  //   errors  a sentence: an age that is none; an empty text, which would match everything; too many or too long ones
  Result<Selection, std::string> selection() const;

 private:
  struct Text {
    select::Field field;
    std::vector<std::string> with, without;
  };
  void add_text(CLI::App& command, Text& text, const std::string& name, const char* what);

  select::View view_;
  Text id_{select::Field::kId, {}, {}}, recipient_{select::Field::kRecipient, {}, {}},
      sender_{select::Field::kSender, {}, {}}, reason_{select::Field::kReason, {}, {}};
  std::vector<std::string> groups_, other_groups_, older_, younger_;
  bool held_ = false, not_held_ = false;
};

// The queues that the selection is about; the default group answers to "mqueue" and "default".
//   errors  a sentence: "Queue group NAME unknown", or two different groups at once
Result<std::vector<observe::Queue>, std::string> queues_of(const Selection& selection,
                                                           std::span<const std::string> known_groups,
                                                           std::vector<observe::Queue> queues);

}  // namespace sluice::commands
