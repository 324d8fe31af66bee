// The descriptors with which qmail-start hands each daemon of a queue its neighbours. Every link is one end of an
// AF_UNIX stream pair and carries the frames of frame.h in both directions; descriptors that are not named here are
// closed.
//
//   qmail-send      0 activity log (write), 1 /dev/null, 2 errors, 3 to 7 its neighbours, 8 qscheduler if it has one
//   its neighbours  0 qmail-send, 1 /dev/null, 2 errors; todo-proc and qmail-intake share one more pair as 3 in both
//   logger          0 activity log (read), 1 the original standard output, 2 errors
//   sluice-smtpd    0 /dev/null, 1 the original standard output, 2 errors, from 3 on its listening sockets
#pragma once

namespace sluice::link {

// In qmail-send.
inline constexpr int kActivityLog = 0;
inline constexpr int kToLocalDelivery = 3;   // qmail-lspawn
inline constexpr int kToRemoteDelivery = 4;  // qmail-rspawn
inline constexpr int kToClean = 5;           // qmail-clean
inline constexpr int kToTodo = 6;            // todo-proc
inline constexpr int kToIntake = 7;          // qmail-intake
inline constexpr int kToSupervisor = 8;      // qscheduler, if the environment has kSupervisorLink

// Set by qscheduler for qmail-start (decimal: where it finds its end of the link), and by qmail-start for qmail-send.
inline constexpr const char* kSupervisorLink = "SLUICE_SUPERVISOR_LINK";

// Set by qmail-start for qmail-send (decimal): the process that reads the activity record, if qmail-start started one.
inline constexpr const char* kLoggerPid = "SLUICE_LOGGER_PID";

// In each of its neighbours.
inline constexpr int kToScheduler = 0;

// In todo-proc and in qmail-intake: the other one.
inline constexpr int kTodoIntake = 3;

// In sluice-smtpd: the listening sockets, as many as the environment variable says (decimal).
inline constexpr int kFirstListener = 3;
inline constexpr const char* kListenerCount = "SLUICE_LISTEN_FDS";

}  // namespace sluice::link
