#include "core/queue/preprocessed.h"

#include <algorithm>
#include <optional>

#include "core/queue/address_text.h"
#include "core/queue/envelope_codec.h"

namespace sluice::queue {

namespace {

bool fits(Octets address) { return address.size() <= kMaximumField && is_clean_address(address); }

// Calls take(letter, value) for each record until it answers with an error.
template <class Take>
std::optional<PreprocessedError> each_record(Octets octets, Take take) {
  if (octets.size() > kMaximumPreprocessedFile) return PreprocessedError::kTooLong;
  while (!octets.empty()) {
    const auto end = octets.find('\0');
    if (end == octets.npos) return PreprocessedError::kTruncated;
    if (end == 0) return PreprocessedError::kRecord;
    if (const std::optional<PreprocessedError> error = take(octets.front(), octets.substr(1, end - 1))) return error;
    octets.remove_prefix(end + 1);
  }
  return std::nullopt;
}

// What may stand in an envelope of ours.
std::string cleaned(Octets address) {
  std::string result = normalized_address(address.substr(0, std::min(address.size(), kMaximumField)));
  for (char& c : result)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  return result;
}

// "<joe@x.example>:" at the start of a paragraph.
std::optional<Octets> address_in_heading(Octets paragraph) {
  const Octets line = paragraph.substr(0, paragraph.find('\n'));
  if (!line.starts_with('<') || !line.ends_with(">:")) return std::nullopt;
  return line.substr(1, line.size() - 3);
}

}  // namespace

std::string_view to_string(PreprocessedError error) {
  switch (error) {
    case PreprocessedError::kTooLong:
      return "it is too long";
    case PreprocessedError::kTruncated:
      return "its last record has no end";
    case PreprocessedError::kRecord:
      return "it has a record that means nothing, or in the wrong place";
    case PreprocessedError::kAddress:
      return "it has an empty recipient, or an address that is too long or has a control character";
    case PreprocessedError::kNoSender:
      return "it has no sender";
    case PreprocessedError::kTooMany:
      return "it has too many recipients";
  }
  return "unknown error";
}

Result<InfoFile, PreprocessedError> decode_info_file(Octets octets) {
  InfoFile info;
  bool has_sender = false;
  const auto error = each_record(octets, [&](char letter, Octets value) -> std::optional<PreprocessedError> {
    if (letter == 'F' && !has_sender) {
      if (!fits(value)) return PreprocessedError::kAddress;
      info.sender = normalized_address(value);
      has_sender = true;
      return std::nullopt;
    }
    if (!has_sender || (letter != 'e' && letter != 'h')) return PreprocessedError::kRecord;
    if (letter == 'e') info.extra_header.append(value);
    if (letter == 'e' && !value.empty() && value.back() != '\n') info.extra_header += '\n';
    return std::nullopt;
  });
  if (error) return fail(*error);
  if (!has_sender) return fail(PreprocessedError::kNoSender);
  return info;
}

Result<std::vector<MarkedRecipient>, PreprocessedError> decode_recipient_file(Octets octets) {
  std::vector<MarkedRecipient> recipients;
  const auto error = each_record(octets, [&](char letter, Octets value) -> std::optional<PreprocessedError> {
    if (letter != 'T' && letter != 'D') return PreprocessedError::kRecord;
    if (value.empty() || !fits(value)) return PreprocessedError::kAddress;
    if (recipients.size() == kMaximumRecipients) return PreprocessedError::kTooMany;
    recipients.push_back({normalized_address(value), letter == 'D'});
    return std::nullopt;
  });
  if (error) return fail(*error);
  return recipients;
}

std::vector<BounceRecord> decode_bounce_file(Octets octets) {
  std::vector<BounceRecord> records;
  while (!octets.empty()) {
    const auto end = octets.find("\n\n");
    Octets paragraph = octets.substr(0, end == octets.npos ? octets.size() : end + 1);
    octets.remove_prefix(end == octets.npos ? octets.size() : end + 2);
    const auto address = address_in_heading(paragraph);
    if (address) paragraph.remove_prefix(std::min(paragraph.size(), address->size() + 4));
    // A paragraph without a heading belongs to what was said before.
    if ((address && records.size() < kMaximumRecipients) || records.empty())
      records.push_back({address ? cleaned(*address) : "", {}});
    std::string& text = records.back().text;
    text.append(paragraph);
    if (!text.empty() && text.back() != '\n') text += '\n';
  }
  return records;
}

std::string encode_info_file(const InfoFile& info) {
  std::string out = 'F' + info.sender + '\0';
  if (!info.extra_header.empty()) out += 'e' + info.extra_header + '\0';
  return out;
}

std::string encode_recipient_file(const std::vector<MarkedRecipient>& recipients) {
  std::string out;
  for (const MarkedRecipient& recipient : recipients) {
    out += recipient.done ? 'D' : 'T';
    out.append(recipient.address) += '\0';
  }
  return out;
}

std::string encode_bounce_file(const std::vector<BounceRecord>& records) {
  std::string out;
  for (const BounceRecord& record : records) {
    out.append("<").append(record.address).append(">:\n");
    // An empty line inside would end the record.
    for (const char c : record.text) out += c == '\n' && out.back() == '\n' ? '/' : c;
    if (out.back() != '\n') out += '\n';
    out += '\n';
  }
  return out;
}

}  // namespace sluice::queue
