// TodoDoor: notices the messages that clients have put into the todo directory, reads their envelopes (hostile input)
// and asks qmail-intake to adopt them. It looks there when it is opened, when lock/trigger is pulled, and every half
// minute; messages that come through the intake never make it look.
//
// It is closed until qmail-send has asked for messages: by then qmail-send has taken over what another family's daemons
// had in info/, and what they left there of a message that still stands in todo/ is gone (core/queue/preprocessed.h).
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/link/messages.h"
#include "system/store/todo_files.h"
#include "trigger.h"

namespace sluice::todo {

class TodoDoor {
 public:
  using Ask = std::function<void(const link::Adopt&)>;  // sends to qmail-intake

  TodoDoor(net::Loop& loop, std::string queue_directory, Ask ask);

  void open();  // again and again does no harm

  // qmail-intake's answer.
  void answered(const link::Adopted& answer);

 private:
  void look();
  void go_on();
  void ask_for(const store::TodoPlace& place);
  void set_aside(const store::TodoPlace& place, WallTime written, const std::string& why);

  const std::string queue_directory_;
  Ask ask_;
  std::unique_ptr<Trigger> trigger_;
  net::Timer timer_;
  std::vector<store::TodoPlace> found_;  // the last look's, last one first
  bool open_ = false;
  bool look_again_ = false;  // something came since
  std::map<store::TodoPlace, WallTime> asked_;
  // What cannot be taken and was named in the log, by when it was written; it stays where it is.
  std::map<store::TodoPlace, WallTime> aside_;
};

}  // namespace sluice::todo
