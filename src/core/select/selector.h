// Selector: which messages a queue run, a listing or an order of the operator is about. A set of tests that are ANDed,
// also two about the same thing; each can be negated. Pure; the one matcher for sendmail's -q[!]I -q[!]R -q[!]S -qQ,
// for ETRN and for `sluice queue`.
//
// A text matches as a literal substring without regard to ASCII case; the empty text matches everything. A test about
// recipients is about those that are not done: it holds when one of them matches; negated, when none does.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace sluice::select {

enum class Field : std::uint8_t {
  kId,              // as mailq prints it
  kRecipient,       // the address
  kRecipientHost,   // the part of a recipient behind its last '@' (ETRN host)
  kRecipientBelow,  // a recipient's domain is `text` or ends in '.' and `text` (ETRN @domain, RFC 1985)
  kSender,          // the reverse path; the null sender is "<>", and may be empty in Facts
  kReason,          // why the message is held
};
std::string_view name_of(Field field);  // "id", "recipient", "recipient-host", "recipient-below", "sender", "reason"

struct Test {
  Field field = Field::kId;
  std::string text{};
  bool negated = false;
  friend bool operator==(const Test&, const Test&) = default;
};

// sendmail's three views of a queue, which do not overlap.
enum class View : std::uint8_t {
  kNormal,  // neither of the others
  kHeld,    // held by an operator: sendmail's quarantined messages (-qQ)
  kLost,    // what could not be read as a message and was set aside (-qL)
  kAny,     // normal or held: what `sluice queue` shows
};
std::string_view name_of(View view);  // "normal", "held", "lost", "any"

struct Selector {
  std::vector<Test> tests{};
  View view = View::kNormal;
  std::optional<Duration> older_than{};    // since arrival, this or more
  std::optional<Duration> younger_than{};  // less than this
  bool selects_all() const { return tests.empty() && !older_than && !younger_than; }
  // Asks about single messages (by id, recipient, sender, reason): such a run does not mind how young attempts are.
  bool is_selective() const { return !tests.empty(); }
  friend bool operator==(const Selector&, const Selector&) = default;
};

// What is asked about a message. Views, valid during one call.
struct Facts {
  std::string_view id{};
  std::string_view sender{};
  std::span<const std::string_view> recipients{};  // not done
  std::string_view reason{};                       // of holding; empty: none given
  bool held = false;
  WallTime arrival{};
  bool lost = false;  // no message any more: id is the name of what was set aside
};

// Prepared once (texts in lower case), then asked for each message without allocation.
class Matcher {
 public:
  explicit Matcher(Selector selector);
  bool matches(const Facts& facts, WallTime now) const;
  // Whether one recipient satisfies every test about recipients (for orders about recipients, not messages).
  bool matches_recipient(std::string_view address) const;
  bool needs_recipients() const;  // Facts::recipients must be filled in
  const Selector& selector() const { return selector_; }

 private:
  Selector selector_;
};

}  // namespace sluice::select
