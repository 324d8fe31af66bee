#include "core/queue/todo_file.h"

#include <charconv>
#include <optional>

#include "core/queue/address_text.h"
#include "core/queue/envelope_codec.h"

namespace sluice::queue {

namespace {

void set_sender(mail::Envelope& envelope, Octets address) {
  envelope.line_form = mail::LineForm::kLf;
  envelope.sender = normalized_address(address);
  envelope.smtputf8 |= has_high_octet(address);
}

void add_recipient(mail::Envelope& envelope, Octets address) {
  envelope.recipients.emplace_back().address = normalized_address(address);
  envelope.smtputf8 |= has_high_octet(address);
}

std::optional<std::uint32_t> number(Octets text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Takes the records of a todo file one after the other.
class Reader {
 public:
  std::optional<TodoError> take(char letter, Octets value) {
    switch (letter) {
      case 'u':
      case 'p':
        return take_number(letter == 'u' ? todo.uid : todo.pid, value);
      case 'F':
        if (has_sender_) return TodoError::kRecord;
        has_sender_ = true;
        if (!fits(value)) return TodoError::kAddress;
        set_sender(todo.envelope, value);
        return std::nullopt;
      case 'T':
        if (!has_sender_) return TodoError::kRecord;
        if (value.empty() || !fits(value)) return TodoError::kAddress;
        if (todo.envelope.recipients.size() == kMaximumRecipients) return TodoError::kTooMany;
        add_recipient(todo.envelope, value);
        return std::nullopt;
      case 'e':
        todo.extra_header.append(value);
        if (!value.empty() && value.back() != '\n') todo.extra_header += '\n';
        return std::nullopt;
      case 'h':
        return std::nullopt;
      default:
        return TodoError::kRecord;
    }
  }
  std::optional<TodoError> finish() const {
    if (!has_sender_) return TodoError::kNoSender;
    if (numbers_ != 2) return TodoError::kRecord;
    if (todo.envelope.recipients.empty()) return TodoError::kNoRecipient;
    return std::nullopt;
  }

  TodoFile todo;

 private:
  static bool fits(Octets address) { return address.size() <= kMaximumTodoAddress && is_clean_address(address); }
  std::optional<TodoError> take_number(std::uint32_t& to, Octets value) {
    if (has_sender_) return TodoError::kRecord;
    const auto read = number(value);
    if (!read) return TodoError::kNumber;
    to = *read;
    ++numbers_;
    return std::nullopt;
  }

  bool has_sender_ = false;
  int numbers_ = 0;
};

}  // namespace

std::string_view to_string(TodoError error) {
  switch (error) {
    case TodoError::kTooLong:
      return "it is too long";
    case TodoError::kTruncated:
      return "its last record has no end";
    case TodoError::kRecord:
      return "it has a record that means nothing, or in the wrong place";
    case TodoError::kNumber:
      return "its uid or pid is not a number";
    case TodoError::kAddress:
      return "it has an empty recipient, or an address that is too long or has a control character";
    case TodoError::kNoSender:
      return "it has no sender";
    case TodoError::kNoRecipient:
      return "it has no recipient";
    case TodoError::kTooMany:
      return "it has too many recipients";
  }
  return "unknown error";
}

Result<TodoFile, TodoError> decode_todo_file(Octets octets) {
  if (octets.size() > kMaximumTodoFile) return fail(TodoError::kTooLong);
  Reader reader;
  while (!octets.empty()) {
    const auto end = octets.find('\0');
    if (end == octets.npos) return fail(TodoError::kTruncated);
    if (end == 0) return fail(TodoError::kRecord);
    if (const auto error = reader.take(octets.front(), octets.substr(1, end - 1))) return fail(*error);
    octets.remove_prefix(end + 1);
  }
  if (const auto error = reader.finish()) return fail(*error);
  return std::move(reader.todo);
}

std::string encode_todo_file(const TodoFile& todo) {
  std::string out = 'u' + std::to_string(todo.uid) + '\0';
  out += 'p' + std::to_string(todo.pid) + '\0';
  out += 'F' + todo.envelope.sender + '\0';
  for (const mail::Recipient& recipient : todo.envelope.recipients) out += 'T' + recipient.address + '\0';
  if (!todo.extra_header.empty()) out += 'e' + todo.extra_header + '\0';
  return out;
}

SubmittedEnvelope::State SubmittedEnvelope::read(Octets piece) {
  for (const char c : piece) {
    if (state_ != State::kMore) break;
    // u, p and the letters of later records must still fit into the file.
    constexpr std::size_t kRoom = 64;
    if (++octets_ > kMaximumTodoFile - kRoom) return state_ = State::kTooLarge;
    if (c == '\0') {
      state_ = end_of_record();
      record_.clear();
    } else if (record_.size() > kMaximumTodoAddress) {  // the letter and all octets that an address may have
      state_ = State::kLongAddress;
    } else {
      record_ += c;
    }
  }
  return state_;
}

SubmittedEnvelope::State SubmittedEnvelope::end_of_record() {
  const Octets address = record_.empty() ? Octets{} : Octets(record_).substr(1);
  if (!has_sender_) {
    if (record_.empty() || record_.front() != 'F') return State::kFormat;
    has_sender_ = true;
    refused_ |= !is_clean_address(address);
    set_sender(envelope_, address);
    return State::kMore;
  }
  // Historical: a Q in the place of a T ends the list as well.
  if (record_.empty() || record_.front() == 'Q') return refused_ ? State::kRefused : State::kDone;
  if (record_.front() != 'T') return State::kFormat;
  if (envelope_.recipients.size() == kMaximumRecipients) return State::kTooLarge;
  refused_ |= address.empty() || !is_clean_address(address);
  add_recipient(envelope_, address);
  return State::kMore;
}

}  // namespace sluice::queue
