// TodoDoor: notices the messages that clients have put into the todo directory, reads their envelopes (hostile input)
// and asks qmail-intake to adopt them. It looks there when it is opened and every 25 seconds, in every mode. Of what
// comes in between it hears
//
//   kStatic      by lock/trigger: then it looks
//   kDynamic     by the message queue, which names each message: it goes straight there
//   kCompatible  by both
//
// Messages that come through the intake never make it look.
//
// It is closed until qmail-send has asked for messages: by then qmail-send has taken over what another family's daemons
// had in info/, and what they left there of a message that still stands in todo/ is gone (core/queue/preprocessed.h).
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/link/messages.h"
#include "knocks.h"
#include "system/store/todo_files.h"
#include "trigger.h"

namespace sluice::todo {

class TodoDoor {
 public:
  using Ask = std::function<void(const link::Adopt&)>;  // sends to qmail-intake

  enum class Mode { kStatic, kDynamic, kCompatible };
  struct Place {
    std::string directory;      // of the queue
    unsigned split = 1;         // CONFSPLIT
    std::string message_queue;  // its name; unless kStatic
  };

  TodoDoor(net::Loop& loop, Mode mode, Place place, Ask ask);

  void open();  // again and again does no harm
  // Nothing is left in the todo directory, and nothing is on its way from there: closed until open(). False: something
  // is, and it stays open.
  bool close_if_empty();

  // qmail-intake's answer.
  void answered(const link::Adopted& answer);

 private:
  struct Asked {
    WallTime written{};
    bool by_look = false;
  };

  void look();
  void go_on();
  void take_knocks();
  // False: there is nothing.
  bool ask_for(const store::TodoPlace& place, bool by_look);
  void say_mode();
  void set_aside(const store::TodoPlace& place, WallTime written, const std::string& why);

  const Mode mode_;
  const Place place_;
  Ask ask_;
  std::optional<Knocks> knocks_;
  std::unique_ptr<Trigger> trigger_;
  net::Timer timer_;
  std::vector<store::TodoPlace> found_;  // the last look's, last one first
  bool open_ = false;
  bool look_again_ = false;  // something came since
  bool mode_said_ = false;
  std::size_t asked_by_look_ = 0;
  std::map<store::TodoPlace, Asked> asked_;
  // What cannot be taken and was named in the log, by when it was written; it stays where it is.
  std::map<store::TodoPlace, WallTime> aside_;
};

}  // namespace sluice::todo
