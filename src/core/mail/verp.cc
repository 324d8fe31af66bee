#include "core/mail/verp.h"

#include <fmt/format.h>

#include "core/mail/address.h"

namespace sluice::mail {

namespace {

constexpr std::string_view kMark = "-@[]";

}  // namespace

std::optional<std::string_view> verp_base(std::string_view sender) {
  if (!sender.ends_with(kMark)) return std::nullopt;
  sender.remove_suffix(kMark.size());
  if (sender.find('@') == std::string_view::npos) return std::nullopt;
  return sender;
}

std::string return_path_for(std::string_view sender, std::string_view recipient) {
  const auto base = verp_base(sender);
  if (!base) return std::string(sender);
  return fmt::format("{}{}={}@{}", local_part_of(*base), local_part_of(recipient), domain_of(recipient),
                     domain_of(*base));
}

}  // namespace sluice::mail
