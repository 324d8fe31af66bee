// Who writes, as the environment tells qmail-inject (qmail-inject(8)): QMAILUSER and its relatives, and the letters of
// QMAILINJECT. Pure: variables come in as a function.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/result.h"
#include "core/submission/names.h"

namespace sluice::inject {

using Variable = std::function<std::optional<std::string>(const char* name)>;

struct Identity {
  std::string author;  // stored form: of a From that is missing
  std::string name;    // may be empty
  std::string sender;  // of the envelope, where neither -f nor Return-Path names one

  bool name_as_comment = false;     // c
  bool ignore_return_path = false;  // s
  bool delete_from = false;         // f
  bool delete_message_id = false;   // i
};

// second, process: what makes the sender of letter m one of its own. Letter r makes it an address with a place for each
// recipient (box-@host-@[]).
//   errors  a sentence: the variables make no address
Result<Identity, std::string> read_identity(const Variable& variable, const submission::Names& names,
                                            std::int64_t second, std::int64_t process);

}  // namespace sluice::inject
