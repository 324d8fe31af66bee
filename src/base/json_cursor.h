// JsonCursor: reads JSON (RFC 8259) from front to back, one value at a time, without making a tree of it: for answers
// of which there are a million. Hostile input makes it fail, as Decoder does: from then on every read gives nothing,
// and the reader asks once, at the end. Nesting is bounded; it allocates only what the texts that it returns need.
//
//   JsonCursor from(text);
//   from.object([&](std::string_view key) {
//     if (key == "id") id = from.number(); else from.skip();
//   });
//   if (!from.done()) ...
//
// Each callback reads or skips exactly one value. Texts are not checked to be UTF-8.
#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.h"

namespace sluice {

class JsonCursor {
 public:
  explicit JsonCursor(Octets text) : rest_(text) {}

  template <class Each>  // void(std::string_view key)
  void object(Each&& each) {
    if (!open('{')) return;
    if (!take('}')) {
      do {
        std::string key;
        text(key);
        expect(':');
        if (failed_) return;
        each(std::string_view(key));
      } while (take(','));
      expect('}');
    }
    --depth_;
  }
  template <class Each>  // void()
  void array(Each&& each) {
    if (!open('[')) return;
    if (!take(']')) {
      do {
        if (failed_) return;
        each();
      } while (take(','));
      expect(']');
    }
    --depth_;
  }
  // A string into `out`, whose room is used again.
  void text(std::string& out);
  // A whole number; what does not fit is the nearest that does. Fractions and exponents are malformed here.
  std::int64_t number();
  std::uint64_t natural();
  bool flag();
  void skip();

  void fail() { failed_ = true, rest_ = {}; }
  bool ok() const { return !failed_; }
  bool done();  // all read, nothing left over but blanks

 private:
  static constexpr int kDeepest = 32;
  bool open(char bracket);
  bool take(char c);
  void expect(char c) {
    if (!take(c)) fail();
  }
  void word(Octets expected);
  void escape(std::string& out);
  std::uint32_t four_digits();
  void blanks();

  Octets rest_;
  int depth_ = 0;
  bool failed_ = false;
};

}  // namespace sluice
