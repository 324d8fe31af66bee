// IntakeLink: a connection to a queue's intake for a program that has nothing else to do, so every call blocks, for at
// most the patience it was given. An intake that takes no octets or says nothing for so long counts as gone.
#pragma once

#include <optional>
#include <string>

#include "core/link/messages.h"
#include "system/os/fd.h"

namespace sluice::submission {

class IntakeLink {
 public:
  // Connects, says Hello and waits for the intake's: then somebody is there who reads.
  //   errors  a sentence for the user
  static Result<IntakeLink, std::string> open(const std::string& path, link::Role role, Duration patience);

  template <class Message>
  void put(const Message& message) {
    link::append_message(out_, message);
  }
  std::size_t unsent() const { return out_.size(); }

  // Sends what was put. True: all of it left this process. An intake that answers before it has everything stops it:
  // false, and answer() is there. Also false when the link broke: then broken() says why.
  bool send();

  // The next frame that is an answer; nothing if the link broke before.
  std::optional<link::Frame> answer();
  const std::string& broken() const { return broken_; }

 private:
  IntakeLink(os::Fd socket, Duration patience) : socket_(std::move(socket)), patience_(patience) {}
  bool introduce();
  bool wait(short events, short& ready);
  bool receive();  // once; what there is
  void skip_notices();
  std::optional<link::Frame> next();
  void lose(std::string why);

  os::Fd socket_;
  Duration patience_;
  std::string out_, in_;
  std::size_t consumed_ = 0;
  std::string broken_;
};

}  // namespace sluice::submission
