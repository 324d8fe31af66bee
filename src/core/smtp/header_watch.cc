#include "core/smtp/header_watch.h"

namespace sluice::smtp {
namespace {

constexpr Octets kNames[] = {"received:", "precedence:", "priority:"};  // by Field

}  // namespace

void HeaderWatch::Word::append(char c) {
  if (c == '\r' || (c == ' ' && size_ == 0) || (c == '\t' && size_ == 0)) return;
  if (size_ == octets_.size())
    too_long_ = true;
  else
    octets_[size_++] = c;
}

std::optional<Octets> HeaderWatch::Word::value() const {
  if (!present_) return std::nullopt;
  Octets word(octets_.data(), too_long_ ? 0 : size_);
  while (word.ends_with(' ') || word.ends_with('\t')) word.remove_suffix(1);
  return word;
}

mail::Importance HeaderWatch::importance() const { return mail::importance_of(precedence_.value(), priority_.value()); }

void HeaderWatch::feed(Octets message) {
  const char* at = message.data();
  const char* const end = at + message.size();
  while (at != end) {
    switch (at_) {
      case At::kName:
        take_name(*at++);
        break;
      case At::kValue:
        take_value(*at++);
        break;
      case At::kRestOfLine: {
        const void* const lf = std::memchr(at, '\n', static_cast<std::size_t>(end - at));
        if (lf == nullptr) return;
        at = static_cast<const char*>(lf) + 1;
        at_ = At::kName;
        matched_ = 0;
        break;
      }
      case At::kBody:
        return;
    }
  }
}

// An octet that is no part of a name that matters ends the look at this line; none of them is an LF that ends it,
// because line ends are CR LF.
void HeaderWatch::take_name(char c) {
  c = ascii_lower(c);
  if (matched_ == 0) {
    if (c == '\r') return void(at_ = At::kBody);  // the empty line
    field_ = c == 'p' ? Field::kPrecedence : Field::kReceived;
  }
  if (matched_ == 2 && field_ == Field::kPrecedence && c == 'i') field_ = Field::kPriority;
  const Octets name = kNames[static_cast<std::size_t>(field_)];
  if (c != name[matched_]) return void(at_ = At::kRestOfLine);
  if (++matched_ < name.size()) return;
  at_ = At::kRestOfLine;
  if (field_ == Field::kReceived) return void(++hops_);
  Word& word = field_ == Field::kPrecedence ? precedence_ : priority_;
  if (word.present()) return;
  word.begin();
  at_ = At::kValue;
}

void HeaderWatch::take_value(char c) {
  if (c != '\n') return (field_ == Field::kPrecedence ? precedence_ : priority_).append(c);
  at_ = At::kName;
  matched_ = 0;
}

}  // namespace sluice::smtp
