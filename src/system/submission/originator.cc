#include "system/submission/originator.h"

#include <fmt/format.h>
#include <sys/random.h>
#include <unistd.h>

#include "core/mail/date.h"
#include "system/os/clock.h"
#include "system/os/users.h"

namespace sluice::submission {

namespace {

std::uint64_t chance() {
  std::uint64_t value = 0;
  if (::getrandom(&value, sizeof value, 0) == sizeof value) return value;
  // Second and process id make the message id unique; without a random part it is only easier to guess.
  return static_cast<std::uint64_t>(os::mono_now().time_since_epoch().count());
}

}  // namespace

Originator originator() {
  const uid_t uid = ::getuid();
  const auto user = os::find_user(uid);
  if (!user) return {fmt::format("uid{}", uid), ""};
  return {user->name, full_name(user->gecos, user->name)};
}

Result<std::string, std::string> address_of(const Originator& originator, const Names& names) {
  ListedAddress address;
  address.local = originator.user;
  return envelope_address(address, names);
}

Names names_of(const settings::Settings& settings) {
  return {.default_host = settings.defaulthost,
          .default_domain = settings.defaultdomain,
          .plus_domain = settings.plusdomain,
          .id_host = settings.idhost};
}

Stamp new_stamp(const Names& names) {
  const WallTime now = os::wall_now();
  return {.date = mail::format_date(now, std::chrono::minutes(os::utc_offset_minutes(now))),
          .message_id = new_message_id(now, ::getpid(), chance(), names.id_host)};
}

std::string received_field(const settings::Settings& settings, std::string_view program, const std::string& date) {
  return fmt::format("Received: by {} (Sluice {}, invoked by uid {});\n\t{}\n", settings.me, program, ::getuid(), date);
}

}  // namespace sluice::submission
