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
 * A thread that polls lanes. Other threads give it a new {@link Plan}; it acknowledges each plan when it has left the lanes of older ones
 * and has received what their DMA channels had taken from guests that go, so whoever waits for that may let the devices go. A thread that
 * ended acknowledges at once.
 */
final class PollThread {
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
    private final Idling idling;
    private final Consumer<Throwable> onFailure;
    private final Thread thread;

    private volatile Plan next = new Plan(List.of(), Set.of());
    private volatile boolean isHeld;
    private volatile boolean stopping;
    private boolean ended; // guarded by this

    private final List<Lane> running = new ArrayList<>();
    /** Lanes that take nothing new, but have packets for a target that is still there. */
    private final List<Lane> finishing = new ArrayList<>();
    /** Plans that were adopted, but not acknowledged yet: lanes still use devices that these do not have. */
    private final List<Plan> unanswered = new ArrayList<>();

    private Lane[] lanes = new Lane[0];

    /**
     * A thread that is not started yet.
     *
     * @param cpu where it runs, or -1 for anywhere
     * @param idling closed by {@link #stop}
     * @param onFailure told when it ends for anything but {@link #stop}
     */
    PollThread(String name, int cpu, Engine engine, Mover mover, Idling idling, Consumer<Throwable> onFailure) {
        this.cpu = cpu;
        this.engine = engine;
        this.mover = mover;
        this.idling = idling;
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
        wake();
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
            wake();
            return plan.adopted;
        }
    }

    /** Waits until the thread uses no device that the plan does not have: a burst, and what DMA channels have taken. */
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
        wake();
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true; // what it uses is about to be closed
            }
        }
        idling.close();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void wake() {
        LockSupport.unpark(thread);
        idling.wake();
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
        boolean wasBusy = false;
        while (!stopping) {
            if (next != plan) {
                plan = next;
                adopt(plan);
            }
            if (!unanswered.isEmpty() && finishing.stream().noneMatch(mover::hasRest)) {
                answer();
            }
            if (isHeld || lanes.length == 0 && finishing.isEmpty()) {
                mover.flush();
                LockSupport.park(this); // ended by release, by a new plan, or by stop
                continue;
            }
            int work = 0;
            boolean holding = !finishing.isEmpty();
            for (Lane lane : lanes) {
                work += engine.poll(lane);
                holding |= lane.held > 0;
            }
            finishing.removeIf(this::isFinished);
            if (wasBusy && work == 0) {
                mover.flush();
            }
            wasBusy = work > 0;
            idling.rest(work, holding);
        }
    }

    private void adopt(Plan plan) {
        finishing.addAll(running);
        finishing.removeAll(plan.lanes);
        running.stream().filter(lane -> !plan.lanes.contains(lane)).forEach(idling::unwatch);
        running.retainAll(plan.lanes);
        for (Lane lane : finishing) {
            lane.isEnding = lane.ends.comesFromOutside(plan.devices);
        }
        finishing.removeIf(lane -> {
            boolean isLost = lane.ends.leadsOutside(plan.devices);
            if (isLost) {
                engine.end(lane);
            }
            return isLost;
        });
        for (Lane lane : plan.lanes) {
            if (!running.contains(lane)) {
                running.add(lane);
                idling.watch(lane);
            }
        }
        lanes = running.toArray(Lane[]::new);
        unanswered.add(plan);
    }

    private void answer() {
        unanswered.forEach(plan -> plan.adopted.countDown());
        unanswered.clear();
    }

    private boolean isFinished(Lane lane) {
        if (mover.hasRest(lane)) {
            engine.poll(lane);
            return false;
        }
        if (engine.finish(lane) || mover.isCopying(lane)) {
            return false;
        }
        engine.end(lane);
        return true;
    }

    private void leave() {
        finishing.addAll(running);
        finishing.forEach(lane -> lane.isEnding = true);
        try {
            while (!finishing.isEmpty()) {
                finishing.removeIf(this::isFinished); // ends: what a target takes too long for is dropped
            }
            mover.flush();
        } finally {
            synchronized (this) {
                ended = true;
                next.adopted.countDown();
                answer();
            }
        }
    }
}
