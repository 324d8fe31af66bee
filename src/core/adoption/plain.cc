#include "core/adoption/plain.h"

#include <algorithm>
#include <cctype>

#include "core/queue/envelope_codec.h"

namespace sluice::adoption {

using queue::RecipientStatus;

namespace {

// "5.1.1" in front of a text that the state log keeps.
std::string_view code_in_front(std::string_view kept) {
  const std::string_view code = kept.substr(0, kept.find(' '));
  const bool well_formed =
      code.size() < kept.size() && code.size() >= 5 && code.size() <= 9 &&
      std::count(code.begin(), code.end(), '.') == 2 && code[1] == '.' && code.find("..") == code.npos &&
      code.back() != '.' &&
      std::all_of(code.begin(), code.end(), [](unsigned char c) { return c == '.' || std::isdigit(c) != 0; });
  return well_formed ? code : std::string_view{};
}

}  // namespace

std::string bounce_text(std::string_view kept) {
  const std::string_view code = code_in_front(kept);
  std::string text(code.empty() ? kept : kept.substr(code.size() + 1));
  const std::string at_end = "(#" + std::string(code) + ")";
  if (!code.empty() && !text.ends_with(at_end)) text += (text.empty() ? "" : " ") + at_end;
  return text + '\n';
}

std::uint32_t losses_of(const mail::Envelope& envelope) {
  std::uint32_t losses = 0;
  if (envelope.ret != mail::Return::kUnspecified || !envelope.envelope_id.empty()) losses |= loss::kDsn;
  if (envelope.line_form == mail::LineForm::kCrlf) losses |= loss::kLineForm;
  if (!envelope.flow.empty()) losses |= loss::kFlow;
  for (const mail::Recipient& recipient : envelope.recipients)
    if (recipient.notify != 0 || !recipient.original_recipient.empty()) losses |= loss::kDsn;
  return losses;
}

Plain plain_of(const queue::Image::MessageView& message, const route::Router& router) {
  Plain plain;
  if (const auto envelope = queue::decode_envelope(message.envelope())) {
    plain.losses = losses_of(*envelope);
    plain.crlf = envelope->line_form == mail::LineForm::kCrlf;
  }
  auto& files = plain.message;
  files.info.sender = message.sender();
  files.birth = files.local.due = files.remote.due = message.arrival();
  WallTime local_due = WallTime::max(), remote_due = WallTime::max();
  message.each_recipient([&](const queue::Image::RecipientView& recipient) {
    const bool remote = recipient.channel == queue::Channel::kRemote;
    if (recipient.channel == queue::Channel::kLmtp) plain.losses |= loss::kLmtp;
    const bool done = queue::is_done(recipient.status);
    (remote ? files.remote : files.local).recipients.push_back({std::string(recipient.address), done});
    if (recipient.status == RecipientStatus::kFailed) {
      std::string address(recipient.address);
      if (recipient.channel == queue::Channel::kLocal) address = router.without_prefix(std::move(address));
      files.bounce.push_back({std::move(address), bounce_text(recipient.text)});
    }
    if (recipient.status == RecipientStatus::kDelivered && !recipient.text.empty()) plain.losses |= loss::kSuccess;
    if (done) return;
    const bool deferred = recipient.status == RecipientStatus::kDeferred;
    WallTime& due = remote ? remote_due : local_due;
    due = std::min(due, deferred ? recipient.next_attempt : message.arrival());
  });
  if (local_due != WallTime::max()) files.local.due = local_due;
  if (remote_due != WallTime::max()) files.remote.due = remote_due;
  // The original removes a file whose recipients are all done.
  const auto all_done = [](const auto& channel) {
    return std::all_of(channel.recipients.begin(), channel.recipients.end(), [](const auto& one) { return one.done; });
  };
  for (auto* channel : {&files.local, &files.remote})
    if (all_done(*channel)) *channel = {{}, files.birth};
  return plain;
}

}  // namespace sluice::adoption
