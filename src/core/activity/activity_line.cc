#include "core/activity/activity_line.h"

#include <array>
#include <charconv>
#include <optional>

namespace sluice::activity {

namespace {

using std::string_view;

// The words of a line between single blanks. The last element holds whatever is left of a longer line.
class Words {
 public:
  explicit Words(string_view text) {
    while (count_ < words_.size()) {
      const std::size_t blank = count_ + 1 < words_.size() ? text.find(' ') : text.npos;
      words_[count_++] = text.substr(0, blank);
      if (blank == text.npos) return;
      text.remove_prefix(blank + 1);
    }
  }
  std::size_t size() const { return count_; }
  string_view operator[](std::size_t i) const { return i < count_ ? words_[i] : string_view(); }

 private:
  std::array<string_view, 13> words_;  // one more than any line that is known has
  std::size_t count_ = 0;
};

// The queue, if the line has exactly one word more than it must have. nullopt: another number of words.
std::optional<string_view> queue_behind(const Words& words, std::size_t needed) {
  if (words.size() == needed) return string_view();
  return words.size() == needed + 1 ? std::optional(words[needed]) : std::nullopt;
}

std::optional<string_view> without_colon(string_view word) {
  if (word.size() < 2 || !word.ends_with(':')) return std::nullopt;
  return word.substr(0, word.size() - 1);
}

bool is_number(string_view word) { return !word.empty() && word.find_first_not_of("0123456789") == word.npos; }

// "3" or "3.1"
bool is_delivery(string_view word) { return is_number(word.substr(0, word.find('.'))) && !word.ends_with('.'); }

bool number_from(string_view word, std::uint64_t& value) {
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  return error == std::errc{} && end == word.data() + word.size() && !word.empty();
}

ActivityLine parse_info(const Words& words) {
  const auto id = without_colon(words[2]);
  const auto queue = queue_behind(words, 11);
  if (!id || !is_number(*id) || words[3] != "bytes" || words[5] != "from" || words[7] != "qp" || words[9] != "uid" ||
      !queue)
    return Unknown{};
  return MessageInfo{*id, words[4], words[6], words[8], words[10], *queue};
}

ActivityLine parse_start(const Words& words) {
  const auto number = without_colon(words[2]);
  const auto queue = queue_behind(words, 8);
  if (!number || !is_delivery(*number) || words[3] != "msg" || !is_number(words[4]) || words[5] != "to" || !queue)
    return Unknown{};
  return DeliveryStart{*number, words[4], words[6], words[7], *queue};
}

std::optional<DeliveryResult> result_of(string_view word) {
  if (word == "success:") return DeliveryResult::kSuccess;
  if (word == "deferral:") return DeliveryResult::kDeferral;
  if (word == "failure:") return DeliveryResult::kFailure;
  return std::nullopt;
}

ActivityLine parse_end(const Words& words) {
  const auto number = without_colon(words[1]);
  if (!number || !is_delivery(*number)) return Unknown{};
  if (const auto result = result_of(words[2])) {
    const auto queue = queue_behind(words, 4);
    if (words.size() == 3) return DeliveryEnd{*number, *result, {}, {}};
    return queue ? ActivityLine(DeliveryEnd{*number, *result, words[3], *queue}) : Unknown{};
  }
  const bool mangled =
      words[2] == "report" && words[3] == "mangled," && words[4] == "will" && words[5].starts_with("defer");
  if (!mangled || words.size() > 7) return Unknown{};
  return DeliveryEnd{*number, DeliveryResult::kDeferral, "report_mangled", words[6], true};
}

ActivityLine parse_message_end(const Words& words) {
  if (!is_number(words[2])) return Unknown{};
  const auto queue = queue_behind(words, words[3] == "qmail-send:" ? 4 : 3);
  return queue ? ActivityLine(MessageEnd{words[2], *queue}) : Unknown{};
}

ActivityLine parse_new(const Words& words) {
  const auto queue = queue_behind(words, 3);
  return is_number(words[2]) && queue ? ActivityLine(MessageNew{words[2], *queue}) : Unknown{};
}

ActivityLine parse_counts(const Words& words) {
  Counts counts;
  const auto queue = queue_behind(words, 5);
  if (!is_number(words[1]) || !queue || !number_from(words[2], counts.delivered) ||
      !number_from(words[3], counts.deferred) || !number_from(words[4], counts.failed))
    return Unknown{};
  counts.id = words[1];
  counts.queue = *queue;
  return counts;
}

// "info: PROGRAM: ...": only what says that a qmail-send has begun or ended matters.
ActivityLine parse_program_info(const Words& words) {
  if (words[2] != "pid") return Silent{};
  if (words[1] == "qmail-send:") {
    if (words.size() == 6 && words[5] == "exiting") return QueueStopped{words[4]};
    const auto directory = without_colon(words[4]);
    if (words[5].starts_with("ratelimit=") && directory)
      return QueueStopped{directory->substr(directory->find_last_of('/') + 1)};
  }
  if (words[1] == "qscheduler:" && words.size() == 5 && words[4] == "exiting") return QueueStopped{};
  return Silent{};
}

bool is_one_of(string_view word, std::initializer_list<string_view> all) {
  for (const string_view each : all)
    if (word == each) return true;
  return false;
}

}  // namespace

ActivityLine parse_activity_line(string_view text) {
  const Words words(text);
  const string_view first = words[0];
  if (first == "delivery") return parse_end(words);
  if (first == "starting" && words[1] == "delivery") return parse_start(words);
  if (first == "info" && words[1] == "msg") return parse_info(words);
  if (first == "new" && words[1] == "msg") return parse_new(words);
  if (first == "end" && words[1] == "msg") return parse_message_end(words);
  if (first == "status:") return words[1] == "exiting" ? ActivityLine(QueueStopped{words[2]}) : Silent{};
  if (first == "running" && words.size() == 1) return QueueStopped{};
  if (first == "exiting" && words.size() == 1) return QueueStopped{};
  if (first == "extra") return parse_counts(words);
  if (first == "info:") return parse_program_info(words);
  if (is_one_of(first, {"alert:", "warn:", "warning:"})) return Alert{};
  if (is_one_of(first, {"bounce", "notice", "warning"}) && words[1] == "msg") return Silent{};
  if (is_one_of(first, {"double", "triple"}) && words[1] == "bounce:") return Silent{};
  if (is_one_of(first, {"local:", "remote:", "lmtp:", "notice:"})) return Silent{};
  return Unknown{};
}

}  // namespace sluice::activity
