// How a queue is drained: its doors are shut, and then it is asked whether anything is left behind them. And how
// todo-proc is detached from qmail-send for a while.
//
//   qmail-send   → qmail-intake   Door
//   qmail-intake → submitters     DoorShut
//   qmail-intake → todo-proc      Quiet, behind all announcements
//   todo-proc    → qmail-send     Quiet, behind all that it admitted
//   qmail-send   → todo-proc      Quiet{false}: it was not the end; Detach
//
// Each Quiet follows its predecessors on links that keep their order: when it comes to qmail-send, everything that was
// accepted before it was asked for has been admitted.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/link/frame.h"

namespace sluice::link {

// Whether the intake socket takes messages. A serial other than zero asks for a Quiet with the same one.
struct Door {
  static constexpr FrameType kType = FrameType::kDoor;
  bool open = true;
  std::uint32_t serial = 0;
  void encode(std::string& out) const;
  static std::optional<Door> decode(Octets payload);
};

// This queue takes no new messages by this link; submissions that are under way are taken to their end. A submitter
// that knows of no more closes the link.
struct DoorShut {
  static constexpr FrameType kType = FrameType::kDoorShut;
  void encode(std::string&) const {}
  static std::optional<DoorShut> decode(Octets payload);
};

// quiet: nobody can submit any more, and nothing was on its way; from todo-proc also: the todo directory is empty, and
// it adopts nothing from now on until it hears Quiet{false} or its link ends.
struct Quiet {
  static constexpr FrameType kType = FrameType::kQuiet;
  std::uint32_t serial = 0;
  bool quiet = false;
  void encode(std::string& out) const;
  static std::optional<Quiet> decode(Octets payload);
};

// Hand nothing over until Detach{false}. What is announced meanwhile stays with qmail-intake.
struct Detach {
  static constexpr FrameType kType = FrameType::kDetach;
  bool on = true;
  void encode(std::string& out) const;
  static std::optional<Detach> decode(Octets payload);
};

}  // namespace sluice::link
