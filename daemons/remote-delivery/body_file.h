// BodyFile: a body as a file of its own, for a program that reads the message from descriptor 0: with LF line ends,
// from offset 0 to the end of the file, seekable, and without a name. Filled in pieces, so that a large body does not
// hold up everybody else.
#pragma once

#include <string>

#include "core/mail/envelope.h"
#include "core/mail/line_form.h"
#include "system/os/fd.h"
#include "system/store/store.h"

namespace sluice::remote {

class BodyFile {
 public:
  static constexpr std::uint64_t kPieces = 1 << 20;  // octets that one fill_more() copies

  // In `directory`, with mode 0600.
  static Result<BodyFile, std::string> make(const std::string& directory);

  enum class Filled { kMore, kAll };
  // Copies the next octets of the body; `piece` is room for reading.
  Result<Filled, std::string> fill_more(store::BodyReader& bodies, const queue::BodyRef& body, mail::LineForm form,
                                        std::string& piece);

  std::uint64_t size() const { return size_; }  // octets, when it is filled
  // Its descriptor for reading, at offset 0. For one reader at a time.
  Result<int, std::string> from_start() const;

 private:
  BodyFile(os::Fd writing, os::Fd reading) : writing_(std::move(writing)), reading_(std::move(reading)) {}
  bool write(Octets octets);

  os::Fd writing_, reading_;
  mail::CrlfToLf to_lf_;
  std::string converted_;
  std::uint64_t position_ = 0;  // octets of the body that were read
  std::uint64_t size_ = 0;
};

}  // namespace sluice::remote
