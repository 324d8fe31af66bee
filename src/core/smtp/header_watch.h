// What the server wants to know of a message's header, found while its octets pass by in any pieces: how many Received
// fields it has (too many mean that it goes in circles, RFC 5321 6.3), and how important it says it is (core/mail/
// precedence.h). Costs one look at the first octets of each line of the header; never allocates.
#pragma once

#include <array>

#include "base/bytes.h"
#include "core/mail/precedence.h"

namespace sluice::smtp {

class HeaderWatch {
 public:
  // Line ends are CR LF. Octets behind the header are ignored.
  void feed(Octets message);

  std::size_t hops() const { return hops_; }
  bool header_ended() const { return at_ == At::kBody; }
  // As far as it was fed. Of each field the first counts, and of it the first line.
  mail::Importance importance() const;

 private:
  enum class At : std::uint8_t { kName, kValue, kRestOfLine, kBody };
  enum class Field : std::uint8_t { kReceived, kPrecedence, kPriority };
  class Word {  // a value; the words that mean something are short
   public:
    void begin() { present_ = true; }
    bool present() const { return present_; }
    void append(char c);
    std::optional<Octets> value() const;

   private:
    std::array<char, 24> octets_{};
    std::uint8_t size_ = 0;
    bool present_ = false, too_long_ = false;
  };

  void take_name(char c);
  void take_value(char c);

  At at_ = At::kName;
  Field field_ = Field::kReceived;
  std::size_t matched_ = 0;  // octets of the field's name and colon
  std::size_t hops_ = 0;
  Word precedence_, priority_;
};

}  // namespace sluice::smtp
