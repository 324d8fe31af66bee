#include "intake.h"

#include <sched.h>
#include <unistd.h>

#include "system/os/failure.h"

namespace sluice::intake {

namespace {

constexpr Duration kRetryJournal{1000};

link::Hello self() {
  link::Hello hello;
  hello.role = link::Role::kIntake;
  hello.pid = static_cast<std::uint32_t>(::getpid());
  return hello;
}

}  // namespace

Intake::Intake(net::Loop& loop, std::unique_ptr<store::BodyWriter> writer, store::Adoption adoption, os::Fd scheduler,
               os::Fd todo, std::string socket_path, std::optional<uid_t> scheduler_uid, bool sync_all)
    : loop_(loop),
      writer_(std::move(writer)),
      submissions_(*writer_, sync_all),
      adoptions_(*writer_, std::move(adoption)),
      announcer_(*writer_),
      socket_path_(std::move(socket_path)),
      scheduler_uid_(scheduler_uid),
      retry_(loop,
             [this] {
               if (!announcer_.catch_up()) retry_.set_after(kRetryJournal);
             }),
      away_(loop, [this] { send_away(); }) {
  if (!open_door()) throw os::Fatal(111, "nobody could submit messages");
  adoptions_.recover();
  todo_ = std::make_unique<ipc::Link>(
      loop, std::move(todo), self(),
      ipc::Link::Callbacks{nullptr, [this](const link::Frame& frame) { return from_todo(frame); },
                           [this](const std::string&) { loop_.stop(); },
                           [this] {
                             if (!announcer_.catch_up()) retry_.set_after(kRetryJournal);
                           }});
  announcer_.connect(todo_.get());
  scheduler_ = add_submitter(std::move(scheduler));
  scheduler_->is_scheduler = true;
}

std::shared_ptr<Submitter> Intake::add_submitter(os::Fd socket) {
  auto submitter = std::make_shared<Submitter>();
  const auto credentials = net::credentials_of(socket.get());
  submitter->whom = {credentials.uid, static_cast<std::uint32_t>(credentials.pid)};
  submitter->may_speak_for_others = may_speak_for_others(credentials.uid);
  std::weak_ptr<Submitter> weak = submitter;
  submitter->link = std::make_unique<ipc::Link>(loop_, std::move(socket), self(),
                                                ipc::Link::Callbacks{nullptr,
                                                                     [this, weak](const link::Frame& frame) {
                                                                       const auto from = weak.lock();
                                                                       return from && from_submitter(from, frame);
                                                                     },
                                                                     [this, weak](const std::string&) {
                                                                       const auto from = weak.lock();
                                                                       if (from == scheduler_) loop_.stop();
                                                                       submitters_.erase(from);
                                                                     }});
  submitters_.insert(submitter);
  return submitter;
}

bool Intake::from_submitter(const std::shared_ptr<Submitter>& from, const link::Frame& frame) {
  if (frame.type == link::FrameType::kRelocate && from == scheduler_) {
    const auto message = link::Relocate::decode(frame.payload);
    if (!message) return false;
    if (!message->extra_header.empty()) {
      from->link->send(adoptions_.put_on_top(*message));
      return true;
    }
    relocations_.emplace_back(message->id, message->body);
  } else if (frame.type == link::FrameType::kDoor && from == scheduler_) {
    return door(frame.payload);
  } else if (frame.type == link::FrameType::kSubmitFor) {
    return speaks_for(*from, frame.payload);
  } else if (!submissions_.take(from, frame)) {
    return false;
  }
  if (!commit_asked_ && (!submissions_.empty() || !relocations_.empty())) {
    commit_asked_ = true;
    loop_.at_turn_end([this] { gathered(); });
  }
  return true;
}

// qmail-queue runs as we do and knows its caller; a qmail-send, who handed its message over. Whoever else says to be
// somebody is lying.
bool Intake::may_speak_for_others(uid_t uid) const { return uid == 0 || uid == ::geteuid() || uid == scheduler_uid_; }

bool Intake::speaks_for(Submitter& from, Octets payload) {
  const auto whom = link::SubmitFor::decode(payload);
  if (!whom || !from.may_speak_for_others) return false;
  from.whom = {whom->uid, whom->pid, whom->arrival};
  return true;
}

bool Intake::from_todo(const link::Frame& frame) {
  if (frame.type == link::FrameType::kAdopt) {
    if (!adoptions_.take(frame)) return false;
    // At the end of the next turn: whoever submitted in this one is answered before.
    if (!adopt_asked_)
      loop_.at_turn_end([this] { loop_.at_turn_end([this] { loop_.at_turn_end([this] { adopt(); }); }); });
    adopt_asked_ = true;
    return true;
  }
  if (frame.type != link::FrameType::kResume) return false;
  const auto resume = link::Resume::decode(frame.payload);
  if (!resume) return false;
  announcer_.resume(resume->from);
  return true;
}

void Intake::gathered() {
  ::sched_yield();
  loop_.at_turn_end([this] { commit(); });
}

void Intake::commit() {
  commit_asked_ = false;
  if (!submissions_.empty())
    submissions_.commit(loop_.wall(), [this](auto bodies, auto stored) { announcer_.announce(bodies, stored); });
  if (!relocations_.empty()) relocate();
}

void Intake::relocate() {
  const auto asked = std::exchange(relocations_, {});
  const auto moved = writer_->relocate(asked);
  if (!moved) os::say("alert", "qmail-intake", moved.error().what);
  for (std::size_t i = 0; i < asked.size() && scheduler_->link->is_open(); ++i) {
    link::Relocated answer;
    answer.id = asked[i].first;
    answer.moved = moved.has_value();
    answer.body = moved ? (*moved)[i] : asked[i].second;
    scheduler_->link->send(answer);
  }
}

void Intake::adopt() {
  adopt_asked_ = false;
  adoptions_.commit(loop_.wall(), *todo_, [this](auto bodies, auto stored) { announcer_.announce(bodies, stored); });
}

}  // namespace sluice::intake
