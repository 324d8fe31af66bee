// Why qmail-queue cannot go on: thrown where it is found, made an exit code in main(). The numbers are an interface
// (qmail-queue(8)): 11 to 40 are permanent for every caller, all others are "try again later".
#pragma once

namespace sluice::qmail_queue {

enum class Exit : int {
  kQueued = 0,
  kLongAddress = 11,
  kRefused = 31,
  kMemory = 51,
  kTimeout = 52,
  kWrite = 53,
  kRead = 54,
  kSettings = 55,
  kQueueDirectory = 61,
  kMessageFacts = 62,
  kSync = 64,
  kMakeEnvelope = 65,
  kLinkEnvelope = 66,
  kLinkMessage = 67,
  kSyncDirectory = 69,
  kMakeMessage = 70,
  kToldToStop = 71,
  kLinkBroke = 74,  // between the intake and us; the message may be queued
  kFormat = 79,
  kRemoveTemporary = 83,
  kBug = 81,
};

struct Stop {
  Exit exit;
};

}  // namespace sluice::qmail_queue
