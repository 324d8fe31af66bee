// Message: a Source as the doors see it: its beginning in memory, all of it if it is small, and a rest that can be read
// once, or again if the source can. So a message from a pipe survives a door that turns out to be shut.
#pragma once

#include <string>

#include "system/submission/submission.h"

namespace sluice::submission {

class Message {
 public:
  // Reads the beginning. The error is a sentence.
  static Result<Message, std::string> begin(Source& source);

  Octets beginning() const { return beginning_; }
  bool whole() const { return whole_; }  // there is no rest

  // Of the rest; 0 at its end. The error is a sentence.
  Result<std::size_t, std::string> read_rest(char* to, std::size_t length);

  // Before each door: true if the rest, if any, begins right behind the beginning.
  bool ready();

 private:
  explicit Message(Source& source) : source_(&source) {}
  Source* source_;
  std::string beginning_;
  bool whole_ = false;
  bool rest_used_ = false;
};

}  // namespace sluice::submission
