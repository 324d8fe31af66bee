#include "identity.h"

#include <fmt/format.h>

#include <initializer_list>

#include "core/mail/address.h"

namespace sluice::inject {

namespace {

// The first of the variables that is set and not empty.
std::optional<std::string> first_of(const Variable& variable, std::initializer_list<const char*> names) {
  for (const char* name : names)
    if (auto value = variable(name); value && !value->empty()) return value;
  return std::nullopt;
}

Result<std::string, std::string> address_of(const std::string& user, const std::string& host,
                                            const submission::Names& names) {
  submission::ListedAddress address;
  address.local = user;
  address.host = host;
  return submission::envelope_address(address, names);
}

}  // namespace

Result<Identity, std::string> read_identity(const Variable& variable, const submission::Names& names,
                                            std::int64_t second, std::int64_t process) {
  const std::string user = first_of(variable, {"QMAILUSER", "MAILUSER", "USER", "LOGNAME"}).value_or("anonymous");
  const std::string host = first_of(variable, {"QMAILHOST", "MAILHOST"}).value_or("");
  const std::string letters = variable("QMAILINJECT").value_or("");
  const auto says = [&](char letter) { return letters.find(letter) != std::string::npos; };

  Identity identity;
  auto author = address_of(user, host, names);
  if (!author) return fail(std::move(author.error()));
  identity.author = std::move(*author);
  identity.name = first_of(variable, {"QMAILNAME", "MAILNAME", "NAME"}).value_or("");
  identity.name_as_comment = says('c');
  identity.ignore_return_path = says('s');
  identity.delete_from = says('f');
  identity.delete_message_id = says('i');

  std::string box = first_of(variable, {"QMAILSUSER"}).value_or(user);
  if (says('m')) box += fmt::format("-{}.{}", second, process);
  if (says('r')) box += '-';
  auto sender = address_of(box, first_of(variable, {"QMAILSHOST"}).value_or(host), names);
  if (!sender) return fail(std::move(sender.error()));
  identity.sender = std::move(*sender) + (says('r') ? "-@[]" : "");
  return identity;
}

}  // namespace sluice::inject
