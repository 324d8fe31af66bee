#include "system/submission/submission.h"

#include <fmt/format.h>

#include "system/ipc/offered_queues.h"
#include "system/os/process.h"
#include "system/submission/doors.h"

namespace sluice::submission {

namespace {

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    if (end > 0) words.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

Result<Queued, Refusal> by_program(const Doors& doors, const mail::Envelope& envelope, Message& message) {
  const auto done = submit_to_program(doors, envelope, message);
  if (!done) return fail(done.error());
  return Queued{Queued::Door::kProgram, {}};
}

}  // namespace

Doors doors_of(const settings::Settings& settings, const os::Environment& environment, bool honour_qmailqueue) {
  Doors doors;
  doors.environment = environment;
  doors.rules = std::make_shared<const groups::Groups>(settings);
  for (const auto& [group, queue] : ipc::offers_of_groups(settings, *doors.rules)) {
    doors.intakes.push_back(ipc::intake_of(settings, queue.number));
    doors.states.push_back(queue.state);
    doors.groups.push_back(group);
  }
  if (honour_qmailqueue) doors.queue_program = words_of(environment.find("QMAILQUEUE").value_or(""));
  doors.program_only = !doors.queue_program.empty();
  if (!doors.program_only) {
    doors.queue_program = {os::executable_directory() + "/qmail-queue"};
    return doors;
  }
  const auto found = os::find_program(doors.queue_program.front(), environment.find("PATH").value_or(""));
  if (!found.empty()) doors.queue_program.front() = found;
  return doors;
}

Result<Queued, Refusal> submit(const Doors& doors, const mail::Envelope& envelope, Source& body) {
  auto message = Message::begin(body);
  if (!message) return fail(Refusal{false, message.error()});
  if (doors.program_only) return by_program(doors, envelope, *message);
  auto answer = submit_to_intake(doors, envelope, *message, std::nullopt);
  if (answer) return Queued{Queued::Door::kIntake, *answer};
  Refusal& refusal = answer.error().refusal;
  const bool other_door = answer.error().nothing_stored && !refusal.permanent && !doors.queue_program.empty();
  if (!other_door || !message->ready()) return fail(std::move(refusal));
  return by_program(doors, envelope, *message);
}

}  // namespace sluice::submission
