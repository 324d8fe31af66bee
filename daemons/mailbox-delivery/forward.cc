#include "forward.h"

#include "core/mail/address.h"
#include "core/mail/trace.h"
#include "system/config/load.h"
#include "system/submission/submission.h"
#include "verdicts.h"

namespace sluice::mailbox_delivery {

namespace {

// A head, then the body, in the line form of the body.
class HeadAndBody final : public submission::Source {
 public:
  HeadAndBody(std::string head, const Body& body) : head_(std::move(head)), body_(body) { rewind(); }

  Result<std::size_t, int> read(char* to, std::size_t length) override {
    while (rest_.empty()) {
      const auto piece = source_();
      if (!piece) return fail(int{EIO});
      if (piece->empty()) return std::size_t{0};
      rest_ = *piece;
    }
    const std::size_t count = std::min(length, rest_.size());
    std::memcpy(to, rest_.data(), count);
    rest_.remove_prefix(count);
    return count;
  }
  bool rewind() override {
    source_ = body_.read();
    rest_ = head_;
    return true;
  }

 private:
  std::string head_;
  const Body& body_;
  mailbox::Source source_;
  Octets rest_;
};

// The Delivered-To line by which this mailbox knows the message again.
std::string head_of(const link::Letter& letter, mail::LineForm line_form) {
  std::string line = mail::delivered_to(fmt::format("{}@{}", letter.local, letter.domain));
  if (line_form == mail::LineForm::kCrlf) line.insert(line.size() - 1, 1, '\r');
  return line;
}

mail::Recipient recipient_of(const std::string& address, const link::Letter& letter, const Forwarding& forwarding,
                             const std::string& host) {
  mail::Recipient recipient;
  recipient.address =
      mail::normalized_address(address.find('@') == std::string::npos ? fmt::format("{}@{}", address, host) : address);
  if (!forwarding.keep_notify) return recipient;
  recipient.notify = letter.notify;
  recipient.original_recipient = letter.original_recipient;
  if (forwarding.addresses.size() > 1 && (letter.notify & mail::notify::kSuccess) != 0) {
    // We report that it was expanded; its success at many addresses would be many reports for one recipient.
    recipient.notify = static_cast<std::uint8_t>(letter.notify & ~mail::notify::kSuccess);
    if (recipient.notify == 0) recipient.notify = mail::notify::kNever;
  }
  return recipient;
}

}  // namespace

std::optional<mail::Outcome> forward(const link::Letter& letter, const Body& body, const Forwarding& forwarding) {
  const auto loaded = config::load({});
  if (!loaded) return deferred("Unable to forward: the settings are bad.", {4, 3, 5});
  const auto doors = submission::doors_of(loaded->settings, os::Environment::current(), true);
  mail::Envelope envelope;
  envelope.sender = forwarding.sender;
  envelope.line_form = body.line_form();
  envelope.eight_bit = letter.eight_bit;
  envelope.smtputf8 = letter.smtputf8;
  if (forwarding.keep_notify) {
    envelope.ret = letter.ret;
    envelope.envelope_id = letter.envelope_id;
  }
  for (const std::string& address : forwarding.addresses)
    envelope.recipients.push_back(recipient_of(address, letter, forwarding, loaded->settings.envnoathost));
  HeadAndBody source(head_of(letter, body.line_form()), body);
  const auto queued = submission::submit(doors, envelope, source);
  if (queued) return std::nullopt;
  const submission::Refusal& refusal = queued.error();
  if (refusal.permanent) return failed(fmt::format("Unable to forward message: {}.", refusal.text), {5, 3, 0});
  return deferred(fmt::format("Unable to forward message: {}.", refusal.text));
}

}  // namespace sluice::mailbox_delivery
