#include "message_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "core/settings/table.h"

namespace sluice::sendmail {

namespace {

enum class Kind : std::uint8_t {
  kIgnoreDots,
  kVerbose,
  kErrorMode,
  kDeliveryMode,
  kNoEffect,    // an allowance or a hint of one message; leaving it out changes nothing that a caller relies on
  kOfInstance,  // what the settings of the instance say, for all of its programs
};

struct Row {
  char letter;  // '\0': none
  std::string_view name;
  Kind kind;
};
constexpr std::array kRows{
    Row{'7', "SevenBitInput", Kind::kNoEffect},
    Row{'8', "EightBitMode", Kind::kNoEffect},
    Row{'a', "AliasWait", Kind::kNoEffect},
    Row{'A', "AliasFile", Kind::kOfInstance},
    Row{'b', "MinFreeBlocks", Kind::kNoEffect},
    Row{'B', "BlankSub", Kind::kNoEffect},
    Row{'c', "HoldExpensive", Kind::kNoEffect},
    Row{'C', "CheckpointInterval", Kind::kNoEffect},
    Row{'d', "DeliveryMode", Kind::kDeliveryMode},
    Row{'D', "AutoRebuildAliases", Kind::kNoEffect},
    Row{'e', "ErrorMode", Kind::kErrorMode},
    Row{'E', "ErrorHeader", Kind::kOfInstance},
    Row{'f', "SaveFromLine", Kind::kNoEffect},
    Row{'F', "TempFileMode", Kind::kNoEffect},
    Row{'g', "DefaultUser", Kind::kOfInstance},
    Row{'G', "MatchGECOS", Kind::kNoEffect},
    Row{'h', "MaxHopCount", Kind::kNoEffect},
    Row{'H', "HelpFile", Kind::kOfInstance},
    Row{'i', "IgnoreDots", Kind::kIgnoreDots},
    Row{'I', "ResolverOptions", Kind::kOfInstance},
    Row{'j', "SendMimeErrors", Kind::kNoEffect},
    Row{'J', "ForwardPath", Kind::kOfInstance},
    Row{'k', "ConnectionCacheSize", Kind::kNoEffect},
    Row{'K', "ConnectionCacheTimeout", Kind::kNoEffect},
    Row{'l', "UseErrorsTo", Kind::kNoEffect},
    Row{'L', "LogLevel", Kind::kNoEffect},
    Row{'m', "MeToo", Kind::kNoEffect},
    Row{'M', "Macro", Kind::kNoEffect},
    Row{'n', "CheckAliases", Kind::kNoEffect},
    Row{'o', "OldStyleHeaders", Kind::kNoEffect},
    Row{'O', "DaemonPortOptions", Kind::kOfInstance},
    Row{'p', "PrivacyOptions", Kind::kNoEffect},
    Row{'P', "PostmasterCopy", Kind::kOfInstance},
    Row{'q', "QueueFactor", Kind::kNoEffect},
    Row{'Q', "QueueDirectory", Kind::kOfInstance},
    Row{'r', "Timeout", Kind::kNoEffect},
    Row{'R', "DontPruneRoutes", Kind::kNoEffect},
    Row{'s', "SuperSafe", Kind::kNoEffect},
    Row{'S', "StatusFile", Kind::kOfInstance},
    Row{'t', "TimeZoneSpec", Kind::kNoEffect},
    Row{'T', "QueueTimeout", Kind::kNoEffect},
    Row{'u', "DefaultUser", Kind::kOfInstance},
    Row{'U', "UserDatabaseSpec", Kind::kOfInstance},
    Row{'v', "Verbose", Kind::kVerbose},
    Row{'V', "FallbackMXhost", Kind::kOfInstance},
    Row{'w', "TryNullMXList", Kind::kNoEffect},
    Row{'x', "QueueLA", Kind::kNoEffect},
    Row{'X', "RefuseLA", Kind::kNoEffect},
    Row{'y', "RecipientFactor", Kind::kNoEffect},
    Row{'Y', "ForkEachJob", Kind::kNoEffect},
    Row{'z', "ClassFactor", Kind::kNoEffect},
    Row{'Z', "RetryFactor", Kind::kNoEffect},
    Row{'\0', "MinQueueAge", Kind::kNoEffect},
    Row{'\0', "NoRecipientAction", Kind::kNoEffect},
    Row{'\0', "QueueSortOrder", Kind::kNoEffect},
    Row{'\0', "SingleLineFromHeader", Kind::kNoEffect},
};

// As sendmail reads a truth value: nothing at all is true.
std::optional<bool> truth(std::string_view value) {
  if (value.empty()) return true;
  constexpr std::string_view kTrue = "tTyY1*", kFalse = "fFnN0";
  if (kTrue.find(value.front()) != std::string_view::npos) return true;
  if (kFalse.find(value.front()) != std::string_view::npos) return false;
  return std::nullopt;
}

Result<void, std::string> take_truth(const Row& row, std::string_view value, bool& flag) {
  const auto read = truth(value);
  if (!read) return fail(fmt::format("{}={}: true or false is expected", row.name, value));
  flag = *read;
  return {};
}

Result<void, std::string> take(const Row& row, std::string_view value, Options& options) {
  switch (row.kind) {
    case Kind::kIgnoreDots:
      return take_truth(row, value, options.ignore_dots);
    case Kind::kVerbose:
      return take_truth(row, value, options.verbose);
    case Kind::kErrorMode:
      return take_error_mode(value, options);
    case Kind::kDeliveryMode:  // every message is queued first, and tried at once
      if (value.empty() || std::string_view("biqd").find(value.front()) != std::string_view::npos) return {};
      return fail(fmt::format("unknown delivery mode {}: b, i, q and d are known", value));
    case Kind::kNoEffect:
      return {};
    case Kind::kOfInstance:
      if (settings::find_by_option(row.name) != nullptr) {
        options.settings.push_back({std::string(row.name), std::string(value)});
        return {};
      }
      return fail(fmt::format("{} is not an option of one message; sluice.toml(5) says what can be set", row.name));
  }
  return {};
}

}  // namespace

Result<void, std::string> take_error_mode(std::string_view value, Options& options) {
  switch (value.empty() ? '\0' : value.front()) {
    case 'p':
    case 'w':
      options.errors = Errors::kPrint;
      return {};
    case 'q':
      options.errors = Errors::kQuiet;
      return {};
    case 'm':
      options.errors = Errors::kMail;
      return {};
    case 'e':
      options.errors = Errors::kMailAndCheer;
      return {};
    default:
      return fail(fmt::format("unknown error mode \"{}\": p, q, m, w and e are known", value));
  }
}

Result<void, std::string> take_letter(std::string_view text, Options& options) {
  if (text.empty()) return fail(std::string("-o needs a letter"));
  for (const Row& row : kRows)
    if (row.letter == text.front()) return take(row, text.substr(1), options);
  return fail(fmt::format("there is no option -o{}", text.front()));
}

Result<void, std::string> take_named(std::string_view text, Options& options) {
  const std::size_t equals = text.find('=');
  const std::string_view name = text.substr(0, equals);
  const std::string_view value = equals == text.npos ? std::string_view() : text.substr(equals + 1);
  if (const settings::Declaration* setting = settings::find_by_option(name); setting && equals != text.npos) {
    options.settings.push_back({std::string(name), std::string(value)});
    return {};
  }
  for (const Row& row : kRows)
    if (ascii_equal_ignore_case(row.name, name)) return take(row, value, options);
  if (settings::find_by_option(name) != nullptr) return fail(fmt::format("-O {}: a value is missing", name));
  const auto nearest = settings::nearest_name(name);
  return fail(fmt::format("there is no option \"{}\"{}", name,
                          nearest ? fmt::format("; did you mean {}?", *nearest) : std::string()));
}

}  // namespace sluice::sendmail
