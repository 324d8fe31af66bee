// What a final delivery adds to the top of a message and looks for in it: Return-Path (RFC 5321 4.4) and Delivered-To,
// by which a mailbox recognises a message that it has already seen (a forwarding loop).
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"

namespace sluice::mail {

// "Return-Path: <SENDER>\nDelivered-To: RECIPIENT\n", in LF form. Controls in the addresses become '_', so that an
// address can never add a line.
std::string delivery_header(std::string_view sender, std::string_view recipient);

// Its second line alone: what a mailbox that sends a message on puts on top.
std::string delivered_to(std::string_view recipient);

// Looks for "Delivered-To: RECIPIENT" in the header of a message that comes in pieces, in either line form. Keeps one
// line at most, and of it no more than a field with an address can need.
class DeliveredToWatch {
 public:
  explicit DeliveredToWatch(std::string recipient) : recipient_(std::move(recipient)) {}
  void read(Octets piece);
  bool seen() const { return seen_; }                     // a loop: true from the moment it is known
  bool finished() const { return !in_header_ || seen_; }  // more pieces change nothing

 private:
  void end_line();
  std::string recipient_;
  std::string line_;
  bool in_header_ = true;
  bool seen_ = false;
};

}  // namespace sluice::mail
