// Loop: the turn of a daemon. One thread, one Boost.Asio context. A turn reads all that is ready and handles it; work
// that wants to be gathered (one write a neighbour, one commit, one log write) asks for the end of the turn with
// at_turn_end() and runs once after everything that was ready had its say. A flush never waits for a timer: when
// nothing else is ready, the turn ends at once.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <initializer_list>
#include <memory>
#include <vector>

#include "base/time.h"

namespace sluice::net {

class Loop {
 public:
  Loop();
  Loop(const Loop&) = delete;

  // Runs until stop() or until nothing is left to wait for.
  void run();
  void stop();

  // The clocks, read once for each event that is handled.
  MonoTime now();
  WallTime wall();

  // Calls `work` at the end of this turn. Each caller keeps its own "asked already" mark if once is enough.
  void at_turn_end(std::function<void()> work);

  // Calls `handler(signo)` in the loop (never in the signal's own context) whenever one of `signals` arrives;
  // also for those that were blocked and came before (os::Program::held_signals).
  void on_signals(std::initializer_list<int> signals, std::function<void(int)> handler);

  boost::asio::io_context& context() { return context_; }

 private:
  void end_turn();
  void wait_for_signal();

  boost::asio::io_context context_{1};
  boost::asio::signal_set signals_{context_};
  std::function<void(int)> on_signal_;
  std::vector<std::function<void()>> turn_end_, running_;
  bool end_posted_ = false;
  bool clocks_read_ = false;
  MonoTime now_;
  WallTime wall_;
  void read_clocks();
};

// A single-shot timer that can be set anew; setting replaces. Fires in the loop.
class Timer {
 public:
  Timer(Loop& loop, std::function<void()> on_fire);
  ~Timer() { *alive_ = false; }
  void set(MonoTime when);  // earlier than now: fires in the next turn
  void set_after(Duration delay);
  void cancel();
  bool armed() const { return armed_; }
  MonoTime when() const { return when_; }

 private:
  boost::asio::steady_timer timer_;
  std::function<void()> on_fire_;
  bool armed_ = false;
  MonoTime when_{};
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace sluice::net
