// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.forward;

import io.vhost4j.VhostDevice;
import io.vhost4j.examples.cli.Machine;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/**
 * A thread that polls lanes. Other threads give it a new {@link Plan}; it acknowledges each plan before it polls again, so whoever waits
 * for that knows that lanes of older plans are left. A thread that ended acknowledges at once.
 */
final class PollThread {
    private static final int SPINS = 200;

    /** Lanes to poll, the devices that may be used at all, and the thread's acknowledgement. */
    private static final class Plan {
        final List<Lane> lanes;
        final Set<VhostDevice> devices;
        final CountDownLatch adopted = new CountDownLatch(1);

        Plan(List<Lane> lanes, Set<VhostDevice> devices) {
            this.lanes = lanes;
            this.devices = devices;
        }
    }

    private final int cpu;
    private final Engine engine;
    private final Mover mover;
    private final Consumer<Throwable> onFailure;
    private final Thread thread;

    private volatile Plan next = new Plan(List.of(), Set.of());
    private volatile boolean isHeld;
    private volatile boolean stopping;
    private boolean ended; // guarded by this

    private final List<Lane> running = new ArrayList<>();
    /** Lanes that are not polled any more, but hold packets for a target that is still there. */
    private final List<Lane> finishing = new ArrayList<>();

    private Lane[] lanes = new Lane[0];

    /**
     * A thread that is not started yet.
     *
     * @param cpu where it runs, or -1 for anywhere
     * @param onFailure told when it ends for anything but {@link #stop}
     */
    PollThread(String name, int cpu, Engine engine, Mover mover, Consumer<Throwable> onFailure) {
        this.cpu = cpu;
        this.engine = engine;
        this.mover = mover;
        this.onFailure = onFailure;
        thread = new Thread(this::run, name);
        thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    /** From here on no packet is moved until {@link #release}; plans are acknowledged all the same. */
    void hold() {
        isHeld = true;
    }

    /** Ends a {@link #hold}. */
    void release() {
        isHeld = false;
        LockSupport.unpark(thread);
    }

    /**
     * Makes the thread poll these lanes, and use no device but these. Returns what to wait for with {@link #awaitAdoption}.
     */
    CountDownLatch assign(List<Lane> wanted, Set<VhostDevice> devices) {
        synchronized (this) {
            if (next.lanes.equals(wanted) && next.devices.equals(devices)) {
                return next.adopted; // which may still be on its way
            }
            Plan plan = new Plan(List.copyOf(wanted), Set.copyOf(devices));
            next = plan;
            if (ended) {
                plan.adopted.countDown();
            }
            LockSupport.unpark(thread);
            return plan.adopted;
        }
    }

    /** Waits until the thread left all lanes that the plan does not have; a burst at most. */
    static void awaitAdoption(CountDownLatch adopted) {
        boolean interrupted = false;
        while (true) {
            try {
                adopted.await();
                break;
            } catch (InterruptedException e) {
                interrupted = true; // leaving now would let the device go while it is in use
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Ends the thread and waits for it. Stopping again, or before the start, does nothing. */
    void stop() {
        stopping = true;
        LockSupport.unpark(thread);
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true; // what it uses is about to be closed
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        try {
            if (cpu >= 0) {
                Machine.pinCurrentThread(cpu);
            }
            loop();
        } catch (RuntimeException | Error e) {
            onFailure.accept(e);
        } finally {
            leave();
        }
    }

    private void loop() {
        Plan plan = next;
        adopt(plan);
        int idle = 0;
        while (!stopping) {
            if (next != plan) {
                plan = next;
                adopt(plan);
            }
            if (isHeld) {
                LockSupport.park(this); // ended by release, by a new plan, or by stop
                continue;
            }
            int work = 0;
            for (Lane lane : lanes) {
                work += engine.poll(lane);
            }
            finishing.removeIf(this::isFinished);
            idle = work > 0 ? 0 : idle(idle);
        }
    }

    /** What to do after a round without packets; {@code rounds} tells how many there were before. */
    private int idle(int rounds) {
        if (rounds == 0) {
            mover.flush();
        }
        if (lanes.length == 0 && finishing.isEmpty()) {
            LockSupport.park(this); // ended by a new plan, or by stop
            return 0;
        }
        if (rounds < SPINS) {
            Thread.onSpinWait();
            return rounds + 1;
        }
        Thread.yield(); // costs little alone, and lets others run where CPUs are few
        return rounds;
    }

    private void adopt(Plan plan) {
        finishing.addAll(running);
        finishing.removeAll(plan.lanes);
        running.retainAll(plan.lanes);
        finishing.removeIf(lane -> {
            boolean targetGone = lane.ends.to() == null || !plan.devices.contains(lane.ends.to());
            if (targetGone) {
                engine.end(lane);
            }
            return targetGone;
        });
        for (Lane lane : plan.lanes) {
            if (!running.contains(lane)) {
                running.add(lane);
            }
        }
        lanes = running.toArray(Lane[]::new);
        plan.adopted.countDown();
    }

    private boolean isFinished(Lane lane) {
        if (engine.finish(lane)) {
            return false;
        }
        engine.end(lane);
        return true;
    }

    private void leave() {
        finishing.addAll(running);
        while (!finishing.isEmpty()) {
            finishing.removeIf(this::isFinished); // ends: what a target takes too long for is dropped
        }
        mover.flush();
        synchronized (this) {
            ended = true;
            next.adopted.countDown();
        }
    }
}
