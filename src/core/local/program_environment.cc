#include "core/local/program_environment.h"

#include <fmt/format.h>

#include "core/local/mbox_format.h"
#include "core/mail/trace.h"

namespace sluice::local {

namespace {

std::string without_last_label(const std::string& host) {
  return host.substr(0, host.rfind('.'));  // npos: all of it
}
std::string behind_break(const std::string& ext) {
  const std::size_t dash = ext.find('-');
  return dash == std::string::npos ? std::string() : ext.substr(dash + 1);
}

// A value that can stand in an environment and adds no line anywhere.
std::string safe(std::string value) {
  for (char& c : value)
    if (c == '\0' || c == '\n') c = '_';
  return value;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> program_environment(const DeliveryFacts& facts) {
  const std::string recipient = facts.local + '@' + facts.host;
  const std::string host2 = without_last_label(facts.host), host3 = without_last_label(host2);
  const std::string ext2 = behind_break(facts.ext), ext3 = behind_break(ext2);
  std::vector<std::pair<std::string, std::string>> variables{
      {"SENDER", facts.sender},
      {"NEWSENDER", facts.new_sender},
      {"RECIPIENT", recipient},
      {"USER", facts.user},
      {"HOME", facts.home},
      {"HOST", facts.host},
      {"HOST2", host2},
      {"HOST3", host3},
      {"HOST4", without_last_label(host3)},
      {"LOCAL", facts.local},
      {"EXT", facts.ext},
      {"EXT2", ext2},
      {"EXT3", ext3},
      {"EXT4", behind_break(ext3)},
  };
  if (facts.default_part) variables.emplace_back("DEFAULT", *facts.default_part);
  for (auto& [name, value] : variables) value = safe(std::move(value));
  const std::string header = mail::delivery_header(facts.sender, recipient);  // two lines, and safe
  const std::size_t second = header.find('\n') + 1;
  variables.emplace_back("DTLINE", header.substr(second));
  variables.emplace_back("RPLINE", header.substr(0, second));
  variables.emplace_back("UFLINE", mbox_from_line(facts.sender, facts.started));
  return variables;
}

std::string new_sender(std::string_view sender, std::string_view local, std::string_view host, OwnerFilesFound found) {
  if (sender.empty() || sender == "#@[]" || !found.owner) return std::string(sender);
  if (found.owner_default) return fmt::format("{}-owner-@{}-@[]", local, host);
  return fmt::format("{}-owner@{}", local, host);
}

}  // namespace sluice::local
