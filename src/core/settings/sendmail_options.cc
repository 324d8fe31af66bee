#include "core/settings/sendmail_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "core/settings/value.h"

namespace sluice::settings {
namespace {

using Meaning = Result<std::vector<Meant>, GrammarError>;

// One time for several settings. It is read here, so that what is wrong with it is said once.
template <std::size_t N>
Meaning to_all(const std::array<std::string_view, N>& names, std::string_view value, TimeUnit unit) {
  const auto time = parse_duration(value, unit);
  if (!time) return fail(time.error());
  std::vector<Meant> meant;
  for (const std::string_view name : names) meant.push_back({name, format_duration(*time)});
  return meant;
}

Result<bool, GrammarError> truth(std::string_view value) {
  constexpr std::string_view kTrue = "ty1*", kFalse = "fn0";
  if (value.empty() || kTrue.find(ascii_lower(value.front())) != kTrue.npos) return true;
  if (kFalse.find(ascii_lower(value.front())) != kFalse.npos) return false;
  return fail(GrammarError{0, fmt::format("\"{}\" is neither true nor false", value)});
}

Meaning all_timeouts(std::string_view value) {
  static constexpr std::array<std::string_view, 7> kNames{
      "timeout.mail",      "timeout.rcpt",      "timeout.datainit",    "timeout.datablock",
      "timeout.datafinal", "smtp.data_timeout", "smtp.command_timeout"};
  return to_all(kNames, value, TimeUnit::kMinutes);
}

Meaning lifetimes(std::string_view value) {
  static constexpr std::array<std::string_view, 4> kNames{"queuelifetime", "queuelifetime_urgent",
                                                          "queuelifetime_non_urgent", "bouncelifetime"};
  return to_all(kNames, value, TimeUnit::kDays);
}

Meaning warnings(std::string_view value) {
  static constexpr std::array<std::string_view, 3> kNames{"queuewarn", "queuewarn_urgent", "queuewarn_non_urgent"};
  return to_all(kNames, value, TimeUnit::kHours);
}

// 5d/4h. The two have different units, so that bare numbers are given theirs here.
Meaning lifetimes_and_warnings(std::string_view value) {
  const std::size_t slash = std::min(value.find('/'), value.size());
  const auto returned = parse_duration(value.substr(0, slash), TimeUnit::kDays);
  if (!returned) return fail(returned.error());
  auto meant = *lifetimes(format_duration(*returned));
  if (slash == value.size()) return meant;
  const auto warned = parse_duration(value.substr(slash + 1), TimeUnit::kHours);
  if (!warned) return fail(GrammarError{slash + 1 + warned.error().at, warned.error().message});
  const Meaning more = warnings(format_duration(*warned));
  if (!more) return fail(more.error());
  meant.insert(meant.end(), more->begin(), more->end());
  return meant;
}

Meaning one_connection(std::string_view value) {
  const auto single = truth(value);
  if (!single) return fail(single.error());
  if (!*single) return std::vector<Meant>{};
  return std::vector<Meant>{{"lane.limit", "1"}, {"lane.initial_window", "1"}};
}

Meaning fresh_connections(std::string_view value) {
  const auto fresh = truth(value);
  if (!fresh) return fail(fresh.error());
  if (!*fresh) return std::vector<Meant>{};
  return std::vector<Meant>{{"remote.messages_per_session", "1"}};
}

Meaning kept_connections(std::string_view value) {
  const auto kept = parse_integer(value);
  if (!kept) return fail(kept.error());
  if (*kept > 0) return std::vector<Meant>{};
  return std::vector<Meant>{{"remote.idle_time", "0s"}};
}

Meaning queue_directory(std::string_view value) {
  if (!value.starts_with('/')) return fail(GrammarError{0, fmt::format("QueuePath {} not absolute", value)});
  while (value.size() > 1 && value.ends_with('/')) value.remove_suffix(1);
  const bool in_root = value.ends_with('*') && value.rfind('/') == 0;
  if (value == "/" || in_root) return fail(GrammarError{0, "queues do not lie in the root directory"});
  return std::vector<Meant>{{"queue_base", std::string(value)}};
}

Meaning privacy(std::string_view value) {
  static constexpr std::array<std::string_view, 13> kOthers{
      "public",     "needmailhelo", "needexpnhelo",   "noexpn",       "needvrfyhelo", "novrfy",           "noverb",
      "noreceipts", "nobodyreturn", "restrictexpand", "authwarnings", "goaway",       "noactualrecipient"};
  std::vector<Meant> meant;
  for (const Part& part : split_list(value)) {
    const std::string flag = ascii_lowered(part.text);
    if (flag == "restrictqrun") {
      meant.push_back({"restrict_qrun", "true"});
    } else if (flag == "restrictmailq") {
      meant.push_back({"restrict_mailq", "true"});
    } else if (flag == "noetrn") {
      meant.push_back({"smtp.etrn", "false"});
    } else if (std::find(kOthers.begin(), kOthers.end(), flag) == kOthers.end()) {
      return fail(GrammarError{part.at, fmt::format("\"{}\" is not known; restrictqrun, restrictmailq and noetrn are, "
                                                    "and without effect {}",
                                                    part.text, fmt::join(kOthers, ", "))});
    }
  }
  return meant;
}

constexpr std::array kTranslated{
    TranslatedOption{"ConnectionCacheSize", TimeUnit::kSeconds,
                     "0 sets remote.idle_time to 0s. Other values have no effect: connections are kept as long as "
                     "remote.idle_time says, and there is a limit to those that are open at once.",
                     kept_connections},
    TranslatedOption{"ForkEachJob", TimeUnit::kSeconds,
                     "true sets remote.messages_per_session to 1: each message has a connection of its own. No process "
                     "is forked for a message.",
                     fresh_connections},
    TranslatedOption{"PrivacyOptions", TimeUnit::kSeconds,
                     "restrictqrun sets restrict_qrun, restrictmailq sets restrict_mailq, noetrn clears smtp.etrn. The "
                     "other flags of sendmail's are taken without effect: EXPN and VRFY tell nothing anyway.",
                     privacy},
    TranslatedOption{"QueueDirectory", TimeUnit::kSeconds,
                     "Sets queue_base, DIR/q* too: queue1 is then in the first directory that begins so, queue2 in the "
                     "second, and so on, at least queue_count and at most queue_max of them.",
                     queue_directory},
    TranslatedOption{"QueueTimeout", TimeUnit::kDays,
                     "As 5d/4h: Timeout.queuereturn, and Timeout.queuewarn if there is a second part.",
                     lifetimes_and_warnings},
    TranslatedOption{"SingleThreadDelivery", TimeUnit::kSeconds,
                     "true sets lane.limit and lane.initial_window to 1: one delivery to a destination at a time. It "
                     "needs no HostStatusDirectory, and other mail for the destination waits its turn.",
                     one_connection},
    TranslatedOption{"Timeout", TimeUnit::kMinutes,
                     "Sets timeout.mail, timeout.rcpt, timeout.datainit, timeout.datablock, timeout.datafinal, "
                     "smtp.data_timeout and smtp.command_timeout.",
                     all_timeouts},
    TranslatedOption{"Timeout.queuereturn", TimeUnit::kDays,
                     "Sets queuelifetime, queuelifetime_urgent, queuelifetime_non_urgent and bouncelifetime; now, with "
                     "sendmail -q, returns what the run selects without trying it.",
                     lifetimes},
    TranslatedOption{"Timeout.queuewarn", TimeUnit::kHours,
                     "Sets queuewarn, queuewarn_urgent and queuewarn_non_urgent.", warnings},
};

using enum IgnoredOption::Kind;

constexpr std::array kIgnored{
    IgnoredOption{"AliasWait", kTime, "newaliases replaces the database in one step; nobody sees half of it."},
    IgnoredOption{"AutoRebuildAliases", kTruth, "The alias database is made by newaliases only."},
    IgnoredOption{"BlankSub", kText, "Blanks in addresses are read as RFC 5322 says."},
    IgnoredOption{"CheckAliases", kTruth, "newaliases always checks what it makes."},
    IgnoredOption{"CheckpointInterval", kNumber,
                  "The outcome for each recipient is written down by itself, at most a tenth of a second later."},
    IgnoredOption{"DontPruneRoutes", kTruth, "Source routes are always removed (RFC 5321 appendix C)."},
    IgnoredOption{"EightBitMode", kText, "Octets above 127 pass unchanged wherever the next server takes them."},
    IgnoredOption{"FastSplit", kNumber,
                  "MX records are looked up when a message is delivered, never while it is taken."},
    IgnoredOption{"HostStatusDirectory", kText,
                  "What is known of a destination is shared by all deliveries of a queue without files."},
    IgnoredOption{"LogLevel", kNumber, "The activity record is always complete."},
    IgnoredOption{"Macro", kText, "There are no macros."},
    IgnoredOption{"MatchGECOS", kTruth, "Users are found by their names only."},
    IgnoredOption{"MeToo", kTruth, "A sender who is in a list gets what is sent to the list."},
    IgnoredOption{"MinFreeBlocks", kNumber, "When the disk is full the message is refused for now; none is lost."},
    IgnoredOption{"NoRecipientAction", kText, "A message without a recipient field is sent as it is."},
    IgnoredOption{"OldStyleHeaders", kTruth, "Commas separate addresses."},
    IgnoredOption{"QueueFileMode", kText, "Queue files can be read by the users of Sluice only."},
    IgnoredOption{"SaveFromLine", kTruth, "A From_ line in front of a message is no part of it."},
    IgnoredOption{"SendMimeErrors", kTruth, "Reports always have the form of RFC 3464."},
    IgnoredOption{"SevenBitInput", kTruth, "Messages are taken as they are."},
    IgnoredOption{"SharedMemoryKey", kText, "sendmail -bP and sluice status ask the queues themselves."},
    IgnoredOption{"SharedMemoryKeyFile", kText, "sendmail -bP and sluice status ask the queues themselves."},
    IgnoredOption{"SingleLineFromHeader", kTruth, "From fields of several lines are RFC 5322."},
    IgnoredOption{"TempFileMode", kText, "Queue files can be read by the users of Sluice only."},
    IgnoredOption{"Timeout.auth", kTime, "The SMTP client does not authenticate itself."},
    IgnoredOption{"Timeout.control", kTime, "Sluice has control sockets of its own, which answer at once."},
    IgnoredOption{"Timeout.fileopen", kTime, "Files of users are opened by a process that nobody waits for."},
    IgnoredOption{"Timeout.hoststatus", kTime, "A destination that failed is tried again by one message at a time."},
    IgnoredOption{"Timeout.ident", kTime, "Clients are not asked who their users are (RFC 1413)."},
    IgnoredOption{"Timeout.lhlo", kTime, "timeout.helo holds for LHLO, too."},
    IgnoredOption{"Timeout.misc", kTime, "The SMTP client sends no NOOP and the like."},
    IgnoredOption{"Timeout.queuewarn.dsn", kTime, "Reports that are late are not reported."},
    IgnoredOption{"Timeout.resolver.retrans", kTime, "The resolver adapts to its servers."},
    IgnoredOption{"Timeout.resolver.retrans.first", kTime, "The resolver adapts to its servers."},
    IgnoredOption{"Timeout.resolver.retrans.normal", kTime, "The resolver adapts to its servers."},
    IgnoredOption{"Timeout.resolver.retry", kNumber, "The resolver adapts to its servers."},
    IgnoredOption{"Timeout.resolver.retry.first", kNumber, "The resolver adapts to its servers."},
    IgnoredOption{"Timeout.resolver.retry.normal", kNumber, "The resolver adapts to its servers."},
    IgnoredOption{"Timeout.rset", kTime, "timeout.mail holds for RSET, too."},
    IgnoredOption{"Timeout.starttls", kTime, "The SMTP client does not use TLS."},
    IgnoredOption{"TimeZoneSpec", kText, "The time zone is that of the system."},
    IgnoredOption{"TryNullMXList", kTruth, "A host that is its own best MX is an error (RFC 5321 5.1)."},
    IgnoredOption{"UseErrorsTo", kTruth, "Reports go to the sender of the envelope only."},
};

struct Letter {
  char letter;
  std::string_view name;
};
constexpr std::array kLetters{
    Letter{'7', "SevenBitInput"},
    Letter{'8', "EightBitMode"},
    Letter{'a', "AliasWait"},
    Letter{'A', "AliasFile"},
    Letter{'b', "MinFreeBlocks"},
    Letter{'B', "BlankSub"},
    Letter{'c', "HoldExpensive"},
    Letter{'C', "CheckpointInterval"},
    Letter{'d', "DeliveryMode"},
    Letter{'D', "AutoRebuildAliases"},
    Letter{'e', "ErrorMode"},
    Letter{'E', "ErrorHeader"},
    Letter{'f', "SaveFromLine"},
    Letter{'F', "TempFileMode"},
    Letter{'g', "DefaultUser"},
    Letter{'G', "MatchGECOS"},
    Letter{'h', "MaxHopCount"},
    Letter{'H', "HelpFile"},
    Letter{'i', "IgnoreDots"},
    Letter{'I', "ResolverOptions"},
    Letter{'j', "SendMimeErrors"},
    Letter{'J', "ForwardPath"},
    Letter{'k', "ConnectionCacheSize"},
    Letter{'K', "ConnectionCacheTimeout"},
    Letter{'l', "UseErrorsTo"},
    Letter{'L', "LogLevel"},
    Letter{'m', "MeToo"},
    Letter{'M', "Macro"},
    Letter{'n', "CheckAliases"},
    Letter{'o', "OldStyleHeaders"},
    Letter{'O', "DaemonPortOptions"},
    Letter{'p', "PrivacyOptions"},
    Letter{'P', "PostmasterCopy"},
    Letter{'q', "QueueFactor"},
    Letter{'Q', "QueueDirectory"},
    Letter{'r', "Timeout"},
    Letter{'R', "DontPruneRoutes"},
    Letter{'s', "SuperSafe"},
    Letter{'S', "StatusFile"},
    Letter{'t', "TimeZoneSpec"},
    Letter{'T', "QueueTimeout"},
    Letter{'u', "DefaultUser"},
    Letter{'U', "UserDatabaseSpec"},
    Letter{'v', "Verbose"},
    Letter{'V', "FallbackMXhost"},
    Letter{'w', "TryNullMXList"},
    Letter{'x', "QueueLA"},
    Letter{'X', "RefuseLA"},
    Letter{'y', "RecipientFactor"},
    Letter{'Y', "ForkEachJob"},
    Letter{'z', "ClassFactor"},
    Letter{'Z', "RetryFactor"},
};

template <class Rows>
auto* find_by_name_in(const Rows& rows, std::string_view name) {
  const auto row =
      std::find_if(rows.begin(), rows.end(), [&](const auto& r) { return ascii_equal_ignore_case(r.name, name); });
  return row == rows.end() ? nullptr : &*row;
}

}  // namespace

std::span<const TranslatedOption> translated_options() { return kTranslated; }
const TranslatedOption* find_translated(std::string_view name) { return find_by_name_in(kTranslated, name); }

std::span<const IgnoredOption> options_without_effect() { return kIgnored; }
const IgnoredOption* find_ignored(std::string_view name) { return find_by_name_in(kIgnored, name); }

std::optional<GrammarError> check_ignored(const IgnoredOption& option, std::string_view value) {
  switch (option.kind) {
    case kText:
      return std::nullopt;
    case kTruth:
      if (const auto read = truth(value); !read) return read.error();
      return std::nullopt;
    case kNumber:
      if (const auto read = parse_integer(value); !read) return read.error();
      return std::nullopt;
    case kTime:
      if (const auto read = parse_duration(value, TimeUnit::kMinutes); !read) return read.error();
      return std::nullopt;
  }
  return std::nullopt;
}

std::string_view option_of_letter(char letter) {
  const auto row = std::find_if(kLetters.begin(), kLetters.end(), [&](const Letter& l) { return l.letter == letter; });
  return row == kLetters.end() ? std::string_view() : row->name;
}

}  // namespace sluice::settings
