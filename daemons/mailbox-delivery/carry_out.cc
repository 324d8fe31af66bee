#include "carry_out.h"

#include <unistd.h>

#include <algorithm>

#include "core/mail/trace.h"
#include "forward.h"
#include "program.h"
#include "steps.h"
#include "verdicts.h"

namespace sluice::mailbox_delivery {

namespace {

constexpr std::size_t kMostSaid = 500;  // octets of what programs said in the text of an outcome

// One line, as an outcome's text has to be.
std::string one_line(std::string_view said) {
  std::string line;
  for (const char c : said.substr(0, kMostSaid))
    line.push_back(c == '\n' ? '/' : static_cast<unsigned char>(c) < ' ' || c == '\x7f' ? '_' : c);
  while (line.ends_with('/')) line.pop_back();
  return line;
}

mail::Outcome delivered(const Steps& steps, mail::Reached reached) {
  const std::string said = one_line(steps.said());
  return {mail::Verdict::kDelivered,
          mail::Trouble::kNone,
          0,
          {2, 0, 0},
          said.empty() ? steps.counts().text() : fmt::format("{}/{}", said, steps.counts().text()),
          reached};
}

std::vector<std::string> addresses_in(const std::vector<local::Instruction>& instructions) {
  std::vector<std::string> addresses;
  for (const auto& one : instructions)
    if (const auto* forward = std::get_if<local::Forward>(&one.action)) addresses.push_back(forward->address);
  return addresses;
}

// How far a letter came that went on to these addresses only.
mail::Reached reached_by(const Steps& steps, const Forwarding& forwarding) {
  if (forwarding.addresses.empty() || steps.counts().files + steps.counts().programs > 0)
    return mail::Reached::kMailbox;
  return forwarding.keep_notify && forwarding.addresses.size() == 1 ? mail::Reached::kReporter
                                                                    : mail::Reached::kExpanded;
}

}  // namespace

std::string header_for(const link::Letter& letter) {
  return mail::delivery_header(letter.sender, fmt::format("{}@{}", letter.local, letter.domain))
      .append(letter.extra_header);
}

std::optional<mail::Outcome> enter_home(const link::Letter& letter) {
  if (letter.home.empty()) return std::nullopt;
  if (::chdir(std::string(letter.home).c_str()) == 0) return std::nullopt;
  return deferred(fmt::format("Unable to switch to {}: {}.", letter.home, std::strerror(errno)));
}

std::optional<mail::Outcome> find_loop(const link::Letter& letter, const link::WorkerSetup& setup, const Body& body) {
  const auto hops = hops_of(body, fmt::format("{}@{}", letter.local, letter.domain));
  if (!hops) return deferred(fmt::format("Unable to read the message: {}.", hops.error()));
  if (hops->been_here)
    return failed("This message is in a loop: it already bears the Delivered-To line of this mailbox.", {5, 4, 6});
  if (hops->count > setup.hop_limit)
    return failed(fmt::format("This message is in a loop: it has passed {} hosts and mailboxes.", hops->count),
                  {5, 4, 6});
  return std::nullopt;
}

link::LetterDone carry_out(const Work& work, Directions directions) {
  if (auto read = read_includes(directions.instructions); !read) return {work.letter.token, read.error(), {}, {}};
  const std::string sender = forwarding_sender(work.letter);
  Steps steps(work, sender, directions.default_part);
  for (std::size_t i = 0; i < directions.instructions.size(); ++i) {
    auto [stop, trouble] = steps.take(directions.instructions[i]);
    if (trouble) return {work.letter.token, std::move(*trouble), {}, {}};
    if (!stop) continue;
    directions.instructions.resize(i);
    break;
  }
  // A list takes the place of the sender, and so its members report to it.
  const Forwarding forwarding{sender, addresses_in(directions.instructions), sender == work.letter.sender};
  if (!forwarding.addresses.empty()) {
    if (auto trouble = forward(work.letter, work.body, forwarding))
      return {work.letter.token, std::move(*trouble), {}, {}};
    steps.count_forwards(forwarding.addresses.size());
  }
  return {work.letter.token, delivered(steps, reached_by(steps, forwarding)), {}, {}};
}

link::LetterDone deliver(const Work& work, const std::string& replacement) {
  const bool to_user = work.letter.addressee == link::Addressee::kUser;
  if (to_user && !replacement.empty()) return run_replacement(work, replacement);
  if (auto trouble = find_loop(work.letter, work.setup, work.body))
    return {work.letter.token, std::move(*trouble), {}, {}};
  if (auto trouble = enter_home(work.letter)) return {work.letter.token, std::move(*trouble), {}, {}};
  if (!to_user) return carry_out_alias(work);
  auto directions = find_directions(work.letter);
  if (!directions) return {work.letter.token, directions.error(), {}, {}};
  return carry_out(work, std::move(*directions));
}

}  // namespace sluice::mailbox_delivery
