#include "core/submission/letter.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/unordered/unordered_flat_set.hpp>

#include "core/mail/address.h"
#include "core/mail/header.h"

namespace sluice::submission {

namespace {

// What a field is to us, without its "Resent-".
enum class Role : std::uint8_t {
  kOther,
  kShown,   // To, Cc: recipients that everybody may see
  kHidden,  // Bcc
  kFrom,
  kAddresses,  // of people, but not recipients
  kDate,
  kMessageId,
  kReturnPath,
  kContentLength,
  kFollowup,
};

struct KnownField {
  std::string_view name;
  Role role;
};
constexpr std::array kKnownFields{
    KnownField{"to", Role::kShown},
    KnownField{"cc", Role::kShown},
    KnownField{"apparently-to", Role::kShown},
    KnownField{"bcc", Role::kHidden},
    KnownField{"from", Role::kFrom},
    KnownField{"sender", Role::kAddresses},
    KnownField{"reply-to", Role::kAddresses},
    KnownField{"return-receipt-to", Role::kAddresses},
    KnownField{"errors-to", Role::kAddresses},
    KnownField{"mail-reply-to", Role::kAddresses},
    KnownField{"mail-followup-to", Role::kFollowup},
    KnownField{"date", Role::kDate},
    KnownField{"message-id", Role::kMessageId},
    KnownField{"return-path", Role::kReturnPath},
    KnownField{"content-length", Role::kContentLength},
};
constexpr std::string_view kResent = "resent-";

struct Identified {
  Role role = Role::kOther;
  bool resent = false;
};

Identified identify(Octets name) {
  Identified field;
  field.resent = name.size() > kResent.size() && ascii_equal_ignore_case(name.substr(0, kResent.size()), kResent);
  if (field.resent) name.remove_prefix(kResent.size());
  for (const KnownField& known : kKnownFields)
    if (ascii_equal_ignore_case(name, known.name)) field.role = known.role;
  return field;
}

bool has_addresses(Role role) {
  switch (role) {
    case Role::kShown:
    case Role::kHidden:
    case Role::kFrom:
    case Role::kAddresses:
    case Role::kReturnPath:
    case Role::kFollowup:
      return true;
    case Role::kOther:
    case Role::kDate:
    case Role::kMessageId:
    case Role::kContentLength:
      return false;
  }
  return false;
}

bool is_resent(Octets fields) {
  mail::HeaderReader reader(fields);
  while (const auto field = reader.next())
    if (const auto known = identify(field->name); known.resent && known.role != Role::kOther) return true;
  return false;
}

class LetterWriter {
 public:
  LetterWriter(Octets fields, const LetterRules& rules) : fields_(fields), rules_(rules), resent_(is_resent(fields)) {}

  Result<Letter, std::string> write() {
    mail::HeaderReader reader(fields_);
    while (const auto field = reader.next())
      if (const auto taken = take(*field); !taken) return fail(taken.error());
    add_missing();
    letter_.header.push_back('\n');
    return std::move(letter_);
  }

 private:
  Result<void, std::string> take(const mail::HeaderField& field) {
    const Identified known = identify(field.name);
    // One of the fields that say who sends this message, and to whom.
    const bool counts = known.resent == resent_ || known.role == Role::kReturnPath;
    std::optional<std::vector<ListedAddress>> list;
    if (has_addresses(known.role)) {
      auto parsed = parse_address_list(field.value, rules_.style);
      const bool needed = counts && rules_.take_recipients && names_recipients(known.role);
      if (!parsed && (needed || rules_.strict)) return fail(complaint(field, to_text(parsed.error())));
      if (parsed) list = std::move(*parsed);
    }
    if (list && counts)
      if (const auto used = use(known.role, field, *list); !used) return used;
    if (stays(known, counts)) keep(field, list);
    return {};
  }

  static bool names_recipients(Role role) { return role == Role::kShown || role == Role::kHidden; }

  static std::string complaint(const mail::HeaderField& field, std::string_view why) {
    return fmt::format("the {} field cannot be read: {}", mail::printable(field.name), why);
  }

  // What the addresses say about the envelope.
  Result<void, std::string> use(Role role, const mail::HeaderField& field, const std::vector<ListedAddress>& list) {
    if (role == Role::kReturnPath && !letter_.return_path && list.size() == 1) {
      if (auto path = envelope_address(list.front(), rules_.names)) letter_.return_path = std::move(*path);
    }
    if (role == Role::kFrom && !letter_.author && !list.empty()) {
      if (auto author = envelope_address(list.front(), rules_.names)) letter_.author = std::move(*author);
    }
    if (!names_recipients(role)) return {};
    for (const ListedAddress& listed : list) {
      if (listed.is_null) continue;
      auto address = envelope_address(listed, rules_.names);
      if (!address && rules_.take_recipients) return fail(complaint(field, address.error()));
      if (!address) continue;
      if (role == Role::kShown) shown_.push_back(*address);
      if (rules_.take_recipients && known_.insert(*address).second) letter_.recipients.push_back(std::move(*address));
    }
    return {};
  }

  // Whether the field travels; notes what is there.
  bool stays(const Identified& known, bool counts) {
    switch (known.role) {
      case Role::kHidden:
      case Role::kReturnPath:
      case Role::kContentLength:
        return false;
      case Role::kFrom:
        if (counts && rules_.drop_from) return false;
        has_from_ |= counts;
        return true;
      case Role::kMessageId:
        if (counts && rules_.drop_message_id) return false;
        has_message_id_ |= counts;
        return true;
      case Role::kShown:
        has_shown_ |= counts;
        return true;
      case Role::kDate:
        has_date_ |= counts;
        return true;
      case Role::kFollowup:
        has_followup_ = true;
        return true;
      case Role::kAddresses:
      case Role::kOther:
        return true;
    }
    return true;
  }

  void keep(const mail::HeaderField& field, const std::optional<std::vector<ListedAddress>>& list) {
    if (!list) {
      letter_.header.append(field.whole);
    } else {  // only the value changes; the name, the white space and the line end stay
      const auto before = static_cast<std::size_t>(field.value.data() - field.whole.data());
      letter_.header.append(field.whole.substr(0, before));
      letter_.header.append(qualified_list(field.value, *list, rules_.names));
      letter_.header.append(field.whole.substr(before + field.value.size()));
    }
    if (letter_.header.back() != '\n') letter_.header.push_back('\n');
  }

  void add(std::string_view name, std::string_view value) {
    letter_.header.append(resent_ ? "Resent-" : "").append(name).append(": ").append(value).append("\n");
  }

  void add_missing() {
    if (rules_.name_nobody && !has_shown_) add("Cc", "recipient list not shown: ;");
    if (!rules_.add_missing) return;
    if (!has_from_) add("From", rules_.author);
    if (!has_date_) add("Date", rules_.date);
    if (!has_message_id_) add("Message-ID", rules_.message_id);
    if (!has_followup_ && !resent_) add_followup();
  }

  void add_followup() {
    const auto is_list = [&](const std::string& address) {
      return std::any_of(rules_.mailing_lists.begin(), rules_.mailing_lists.end(),
                         [&](const std::string& list) { return ascii_equal_ignore_case(list, address); });
    };
    if (std::none_of(shown_.begin(), shown_.end(), is_list)) return;
    add("Mail-Followup-To", fmt::format("{}", fmt::join(shown_, ",\n  ")));
  }

  Octets fields_;
  const LetterRules& rules_;
  bool resent_;
  bool has_from_ = false, has_date_ = false, has_message_id_ = false, has_shown_ = false, has_followup_ = false;
  std::vector<std::string> shown_;  // addresses of To and Cc
  boost::unordered_flat_set<std::string> known_;
  Letter letter_;
};

}  // namespace

Result<Letter, std::string> prepare_letter(Octets fields, const LetterRules& rules) {
  return LetterWriter(fields, rules).write();
}

}  // namespace sluice::submission
