#include "core/mail/trace.h"

#include <algorithm>

#include "core/mail/address.h"
#include "core/mail/header.h"

namespace sluice::mail {

namespace {

constexpr std::size_t kLongestLine = 4096;  // more of a line is not a Delivered-To field of ours

void append_safe(std::string& out, std::string_view address) {
  for (const char c : address) out.push_back(static_cast<unsigned char>(c) < ' ' || c == '\x7f' ? '_' : c);
}

}  // namespace

std::string delivery_header(std::string_view sender, std::string_view recipient) {
  std::string header = "Return-Path: <";
  append_safe(header, sender);
  header += ">\n";
  return header + delivered_to(recipient);
}

std::string delivered_to(std::string_view recipient) {
  std::string field = "Delivered-To: ";
  append_safe(field, recipient);
  field += '\n';
  return field;
}

void DeliveredToWatch::read(Octets piece) {
  while (!finished() && !piece.empty()) {
    const std::size_t end = piece.find('\n');
    const Octets part = piece.substr(0, end);
    line_.append(part.substr(0, kLongestLine - std::min(line_.size(), kLongestLine)));
    if (end == Octets::npos) return;
    end_line();
    piece.remove_prefix(end + 1);
  }
}

void DeliveredToWatch::end_line() {
  if (line_.empty() || line_ == "\r") {
    in_header_ = false;
  } else if (const auto value = find_field(line_, "delivered-to")) {
    seen_ = same_mailbox(*value, recipient_);
  }
  line_.clear();
}

}  // namespace sluice::mail
