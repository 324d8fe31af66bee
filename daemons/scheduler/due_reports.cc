#include "due_reports.h"

#include "remembered.h"

namespace sluice::scheduler {

namespace {

mail::ReportedRecipient described(const queue::Image::RecipientView& recipient, mail::Action action,
                                  const route::Router& router) {
  mail::ReportedRecipient described;
  described.address = recipient.address;
  if (recipient.channel == queue::Channel::kLocal)
    described.address = router.without_prefix(std::move(described.address));
  described.original_recipient = recipient.original_recipient;
  described.action = action;
  const Remembered remembered = recall(recipient.text);
  described.outcome.text = remembered.text;
  described.outcome.code = remembered.code;
  return described;
}

}  // namespace

std::vector<mail::ReportedRecipient> settled_recipients(const queue::Image::MessageView& message,
                                                        mail::Addressee::Kind addressee, const route::Router& router) {
  std::vector<mail::ReportedRecipient> due;
  message.each_recipient([&](const queue::Image::RecipientView& recipient) {
    if (!queue::is_done(recipient.status)) return;
    const bool failed = recipient.status == queue::RecipientStatus::kFailed;
    const auto action = mail::reported_action(failed ? mail::Verdict::kFailed : mail::Verdict::kDelivered,
                                              recipient.reached, recipient.notify);
    if (action && (failed || addressee == mail::Addressee::Kind::kReport))
      due.push_back(described(recipient, *action, router));
  });
  return due;
}

std::vector<mail::ReportedRecipient> delayed_recipients(const queue::Image::MessageView& message, WallTime until,
                                                        const route::Router& router) {
  std::vector<mail::ReportedRecipient> due;
  message.each_recipient([&](const queue::Image::RecipientView& recipient) {
    if (queue::is_done(recipient.status) || !mail::wants_delay_report(recipient.notify)) return;
    due.push_back(described(recipient, mail::Action::kDelayed, router));
    due.back().will_retry_until = until;
  });
  return due;
}

}  // namespace sluice::scheduler
