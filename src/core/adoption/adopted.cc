#include "core/adoption/adopted.h"

#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cctype>
#include <optional>

#include "core/mail/outcome.h"
#include "core/queue/address_text.h"
#include "core/queue/envelope_codec.h"
#include "core/schedule/retry_curve.h"

namespace sluice::adoption {

using queue::RecipientStatus;

namespace {

// A name for recipients of texts that name nobody.
constexpr const char* kUnknown = "unknown";

// "5.1.1" of "… (#5.1.1)" at the end of a text.
std::optional<std::string_view> code_at_end(std::string_view text) {
  while (!text.empty() && (text.back() == '/' || text.back() == ' ')) text.remove_suffix(1);
  const auto start = text.rfind("(#");
  if (start == text.npos || !text.ends_with(')')) return std::nullopt;
  const std::string_view code = text.substr(start + 2, text.size() - start - 3);
  const bool well_formed =
      code.size() >= 5 && code.size() <= 9 && code.starts_with("5.") &&
      std::count(code.begin(), code.end(), '.') == 2 && code.find("..") == code.npos && code.back() != '.' &&
      std::all_of(code.begin(), code.end(), [](unsigned char c) { return c == '.' || std::isdigit(c) != 0; });
  return well_formed ? std::optional(code) : std::nullopt;
}

struct Position {
  std::uint16_t attempts = 0;
  WallTime due{};
};

// The times of files are less exact than those they were reckoned from: qmail sets due times to whole seconds, and
// info/ has the time at which it was written, with its fraction; wall and monotonic clocks drift apart while a message
// waits.
constexpr Seconds kInexact{2};

// Where on the retry curve a recipient stands whose next attempt was to be at `due`; nothing: it was never tried.
std::optional<Position> position(WallTime birth, WallTime due, std::uint32_t skip, WallTime now) {
  const auto at_birth = MonoTime{}, at_due = MonoTime{due - birth};
  if (at_due + kInexact < schedule::next_attempt(at_birth, at_birth, skip)) return std::nullopt;
  const MonoTime latest = schedule::next_attempt(at_birth, MonoTime{now - birth}, skip);
  Position position;
  position.due = birth + (std::min(at_due, latest) - at_birth);
  const auto seconds = std::chrono::duration_cast<Seconds>(position.due - birth + kInexact).count();
  const auto steps = schedule::integer_root(static_cast<std::uint64_t>(std::max<std::int64_t>(seconds, 0))) / skip;
  position.attempts = static_cast<std::uint16_t>(std::clamp<std::uint64_t>(steps, 1, UINT16_MAX));
  return position;
}

}  // namespace

std::string kept_text(const std::string& bounce_text) {
  std::string text = bounce_text;
  while (!text.empty() && text.back() == '\n') text.pop_back();
  for (char& c : text) {
    if (c == '\n') c = '/';
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  if (const auto code = code_at_end(text)) text = std::string(*code) + ' ' + text;
  if (text.size() > mail::kMaximumText) text.resize(mail::kMaximumText);
  return text;
}

// The records of a bounce file by recipient. Each is told once.
class Adopted::Failures {
 public:
  explicit Failures(const std::vector<queue::BounceRecord>& records) : records_(records), used_(records.size()) {
    for (std::size_t i = records.size(); i-- > 0;) by_address_[records[i].address].push_back(i);
  }

  // The text for a recipient that is done; of a local one the prefix of its virtual domain may be in front.
  const std::string* take(std::string_view address, bool local) {
    if (const std::string* text = take_exactly(address)) return text;
    const auto at = address.rfind('@');
    constexpr int kDashes = 16;  // a prefix has few
    std::size_t dash = address.find('-');
    for (int i = 0; local && i < kDashes && at != address.npos && dash < at; ++i, dash = address.find('-', dash + 1))
      if (const std::string* text = take_exactly(address.substr(dash + 1))) return text;
    return nullptr;
  }
  template <class Visit>
  void each_left(Visit visit) const {
    for (std::size_t i = 0; i < records_.size(); ++i)
      if (!used_[i]) visit(records_[i]);
  }

 private:
  const std::string* take_exactly(std::string_view address) {
    const auto found = by_address_.find(address);
    if (found == by_address_.end() || found->second.empty()) return nullptr;
    const std::size_t index = found->second.back();
    found->second.pop_back();
    used_[index] = true;
    return &records_[index].text;
  }

  const std::vector<queue::BounceRecord>& records_;
  std::vector<bool> used_;
  boost::unordered_flat_map<std::string_view, std::vector<std::size_t>> by_address_;  // the first one last
};

Adopted::Adopted(const queue::Preprocessed& message, const route::Router& router, const Circumstances& circumstances) {
  message_.id = circumstances.id;
  message_.body = circumstances.body;
  message_.uid = circumstances.uid;
  message_.pid = circumstances.pid;
  message_.arrival = std::min(message.birth, circumstances.now);
  message_.envelope.sender = message.info.sender;
  message_.envelope.line_form = mail::LineForm::kLf;
  message_.envelope.smtputf8 = queue::has_high_octet(message.info.sender);
  Failures failures(message.bounce);
  add(message.local, queue::Channel::kLocal, circumstances.local_skip, router, circumstances.now, failures);
  add(message.remote, queue::Channel::kRemote, circumstances.remote_skip, router, circumstances.now, failures);
  failures.each_left([this](const queue::BounceRecord& record) {
    push(queue::Channel::kRemote, record.address.empty() ? kUnknown : record.address,
         {RecipientStatus::kFailed, kept_text(record.text), {}, 0});
  });
  too_long_ |= message_.envelope.sender.size() > queue::kMaximumField || fates_.size() > queue::kMaximumRecipients;
}

void Adopted::add(const queue::Preprocessed::Channel& from, queue::Channel channel, std::uint32_t skip,
                  const route::Router& router, WallTime now, Failures& failures) {
  const auto where = position(message_.arrival, from.due, skip, now);
  for (const queue::MarkedRecipient& recipient : from.recipients) {
    const bool local = channel == queue::Channel::kLocal;
    if (recipient.done) {
      const std::string* text = failures.take(recipient.address, local);
      push(channel, recipient.address,
           {text ? RecipientStatus::kFailed : RecipientStatus::kDelivered, text ? kept_text(*text) : "", {}, 0});
      continue;
    }
    Fate fate;
    if (where) fate = {RecipientStatus::kDeferred, {}, where->due, where->attempts};
    auto routed = router.route(local ? router.without_prefix(recipient.address) : recipient.address);
    if (routed.channel == queue::Channel::kLmtp)
      push(queue::Channel::kLmtp, std::move(routed.address), std::move(fate));
    else
      push(channel, recipient.address, std::move(fate));
  }
}

void Adopted::push(queue::Channel channel, std::string address, Fate fate) {
  too_long_ |= address.size() > queue::kMaximumField;
  message_.envelope.smtputf8 |= queue::has_high_octet(address);
  message_.routed.push_back({channel, mail::Recipient{std::move(address), 0, {}}});
  fates_.push_back(std::move(fate));
}

std::vector<std::string> Adopted::addresses() const {
  std::vector<std::string> addresses;
  for (const auto& routed : message_.routed) addresses.push_back(routed.recipient.address);
  return addresses;
}

void Adopted::each_record(const std::function<void(const queue::StateRecord&)>& visit) const {
  std::string encoded;
  message_.encode(encoded);
  const auto view = queue::AdmittedView::decode(encoded);
  if (!view) return;
  visit(*view);
  queue::Deferred deferred{message_.id, {}, 0, {}, {}};
  const auto flush = [&] {
    if (!deferred.recipients.empty()) visit(deferred);
    deferred.recipients.clear();
  };
  for (std::uint32_t i = 0; i < fates_.size(); ++i) {
    const Fate& fate = fates_[i];
    switch (fate.status) {
      case RecipientStatus::kUntried:
        break;
      case RecipientStatus::kDeferred:
        if (deferred.next_attempt != fate.due || deferred.attempts != fate.attempts) flush();
        deferred.next_attempt = fate.due;
        deferred.attempts = fate.attempts;
        deferred.recipients.push_back(i);
        break;
      case RecipientStatus::kDelivered:
        visit(queue::Settled{message_.id, i, mail::Verdict::kDelivered, {}, {}});
        break;
      case RecipientStatus::kFailed:
        visit(queue::Settled{message_.id, i, mail::Verdict::kFailed, fate.text, {}});
        break;
    }
  }
  flush();
}

}  // namespace sluice::adoption
