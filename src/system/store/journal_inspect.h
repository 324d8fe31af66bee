// What stands in a journal, in words: the substance of `sluice journal dump` and `sluice journal verify`. Reads only,
// takes no lock, and may look at the journal of a running queue (whose last record may then be half written).
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "system/store/file_store.h"

namespace sluice::store {

enum class Inspect {
  kDump,    // a line for each record and for each damaged place
  kVerify,  // lines only for what is wrong
};

struct Inspected {
  std::uint64_t segments = 0;
  std::uint64_t messages = 0;
  std::uint64_t copies = 0;       // relocated bodies
  std::uint64_t others = 0;       // records of a type that this version does not know
  std::uint64_t damaged = 0;      // places that are no record, and messages that do not decode
  std::uint64_t torn_octets = 0;  // at the end of the last segment: an interrupted, or running, write
  std::uint64_t octets = 0;       // of whole records
  bool sound() const { return damaged == 0; }
};

// `directory` is a queue's directory or the journal directory in it. Lines come without their newline. Fails when the
// journal cannot be read or was written by a later version.
Result<Inspected, Trouble> inspect_journal(const std::string& directory, Inspect how,
                                           const std::function<void(std::string_view line)>& line,
                                           const Options& options = {});

}  // namespace sluice::store
