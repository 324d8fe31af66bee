#include "system/net/loop.h"

#include <boost/asio/post.hpp>
#include <csignal>

#include "system/os/clock.h"

namespace sluice::net {

Loop::Loop() = default;

void Loop::read_clocks() {
  if (clocks_read_) return;
  clocks_read_ = true;
  now_ = os::mono_now();
  wall_ = os::wall_now();
}

MonoTime Loop::now() { return read_clocks(), now_; }
WallTime Loop::wall() { return read_clocks(), wall_; }

void Loop::run() {
  // Asio queues what becomes ready in order, so the posted end of a turn comes after everything that was ready with it.
  do {
    clocks_read_ = false;
  } while (context_.run_one() > 0);
}

void Loop::stop() { context_.stop(); }

void Loop::at_turn_end(std::function<void()> work) {
  turn_end_.push_back(std::move(work));
  if (end_posted_) return;
  end_posted_ = true;
  boost::asio::post(context_, [this] { end_turn(); });
}

void Loop::end_turn() {
  end_posted_ = false;
  running_.swap(turn_end_);
  for (auto& work : running_) work();
  running_.clear();
}

void Loop::on_signals(std::initializer_list<int> signals, std::function<void(int)> handler) {
  on_signal_ = std::move(handler);
  sigset_t wanted;
  sigemptyset(&wanted);
  for (const int signo : signals) {
    signals_.add(signo);
    sigaddset(&wanted, signo);
  }
  wait_for_signal();
  ::pthread_sigmask(SIG_UNBLOCK, &wanted, nullptr);
}

void Loop::wait_for_signal() {
  signals_.async_wait([this](const boost::system::error_code& error, int signo) {
    if (error) return;
    on_signal_(signo);
    wait_for_signal();
  });
}

Timer::Timer(Loop& loop, std::function<void()> on_fire) : timer_(loop.context()), on_fire_(std::move(on_fire)) {}

void Timer::set(MonoTime when) {
  if (armed_ && when == when_) return;
  armed_ = true;
  when_ = when;
  // MonoTime and steady_clock are both CLOCK_MONOTONIC.
  timer_.expires_at(std::chrono::steady_clock::time_point(when.time_since_epoch()));
  timer_.async_wait([this, alive = alive_](const boost::system::error_code& error) {
    if (error || !*alive || !armed_) return;
    if (timer_.expiry() > std::chrono::steady_clock::now()) return;  // set anew while this firing was under way
    armed_ = false;
    on_fire_();
  });
}

void Timer::set_after(Duration delay) { set(os::mono_now() + delay); }

void Timer::cancel() {
  armed_ = false;
  timer_.cancel();
}

}  // namespace sluice::net
