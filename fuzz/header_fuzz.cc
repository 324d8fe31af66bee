// What reads message octets in core/mail: the header reader, the loop detector, line forms and the failure report.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/invariant.h"
#include "core/mail/delivery_report.h"
#include "core/mail/header.h"
#include "core/mail/line_form.h"
#include "core/mail/precedence.h"
#include "core/mail/trace.h"

namespace {

using namespace sluice;
using namespace sluice::mail;

bool holds_bare_cr_or_lf(const std::string& text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r' && (i + 1 == text.size() || text[i + 1] != '\n')) return true;
    if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r')) return true;
  }
  return false;
}

void check_pieces(Octets message, std::size_t cut) {
  CrlfToLf whole, pieces;
  std::string a, b;
  whole.append(a, message);
  whole.finish(a);
  pieces.append(b, message.substr(0, cut));
  pieces.append(b, message.substr(cut));
  pieces.finish(b);
  invariant(a == b, "line forms do not depend on where pieces are cut");

  DeliveredToWatch once("bob@example.net"), twice("bob@example.net");
  once.read(message);
  twice.read(message.substr(0, cut));
  twice.read(message.substr(cut));
  invariant(once.seen() == twice.seen(), "loops do not depend on where pieces are cut");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Octets message(reinterpret_cast<const char*>(data), size);
  invariant(header_length(message) <= size, "the header is part of the message");
  (void)count_hops(message);
  const Importance importance = importance_of_message(message);
  invariant(importance == importance_of(find_field(message, "precedence"), find_field(message, "priority")),
            "one pass finds what two would");
  check_pieces(message, size / 2);

  ReportedMessage failed;
  const std::string text(message.substr(0, 2000));
  failed.addressee = report_addressee(text, "postmaster", "example.net");
  failed.sender = failed.envelope_id = text;
  failed.recipients.push_back({.address = text,
                               .original_recipient = text,
                               .outcome = {Verdict::kFailed, Trouble::kNone, 550, {5, 0, 0}, text},
                               .last_attempt = std::nullopt,
                               .will_retry_until = std::nullopt});
  failed.original = message;
  ReportSettings settings;
  settings.me = "example.net";
  const DeliveryReport report = delivery_report(settings, failed, "1", WallTime{});
  invariant(!holds_bare_cr_or_lf(report.message), "a report has no bare CR or LF");
  return 0;
}
