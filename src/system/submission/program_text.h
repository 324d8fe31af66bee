// The message that a local program writes to our standard input: its header first, so that it can be made fit to travel
// (core/submission), then all of it as a Source for submit(). Only the header is kept in memory as a whole.
#pragma once

#include <string>

#include "core/submission/text_input.h"
#include "system/submission/submission.h"

namespace sluice::submission {

class ProgramText final : public Source {
 public:
  static constexpr std::size_t kLongestHeader = 2u << 20;  // octets

  // dot_ends: a line that is a lone dot ends the text. The descriptor is not owned.
  ProgramText(int from, bool dot_ends) : from_(from), input_(dot_ends) {}

  // Reads until the end of the header is known. False: error() says why, in a sentence.
  bool read_header();
  const std::string& error() const { return error_; }
  bool header_too_long() const { return header_too_long_; }

  // The fields as the program wrote them, in LF form; until replace_header().
  Octets fields() const;
  // What read() gives before the body; ends with an empty line.
  void replace_header(std::string header);
  // The same, before everything that was read.
  void precede(std::string header);

  // The octets of the message. An end of the input is the end of the message, whether the program meant it or not.
  Result<std::size_t, int> read(char* to, std::size_t length) override;
  bool rewind() override { return false; }

 private:
  Result<bool, int> read_more();  // false: the input is over

  int from_;
  TextInput input_;
  std::string text_;  // read and not given out yet
  std::size_t given_ = 0;
  HeadRange head_;
  bool over_ = false;
  bool header_too_long_ = false;
  std::string error_;
};

}  // namespace sluice::submission
