// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.drivers.testkit;

import io.vhost4j.VhostDevice;
import io.vhost4j.VhostException;
import io.vhost4j.VirtioFeature;
import io.vhost4j.Vring;
import io.vhost4j.VringMemory;
import io.vhost4j.core.linux.EventFd;
import io.vhost4j.core.linux.MemFd;
import io.vhost4j.core.linux.OwnedFd;
import io.vhost4j.core.memory.DirtyLog;
import io.vhost4j.core.memory.GuestAccess;
import io.vhost4j.core.ring.RingSetup;
import io.vhost4j.core.testkit.DriverRing;
import io.vhost4j.core.testkit.GuestImage;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** A guest and the device that a session would show of it: what vDPA drivers call is there, all else throws. */
public final class StubGuest implements AutoCloseable {
    private static final int SIZE = 64;
    private static final long LOG_BYTES = 1 << 20;

    /** The guest's memory. */
    public final GuestImage image = GuestImage.of(1 << 20, 1 << 20);
    /** Its side of the rings. */
    public final List<DriverRing> rings = new ArrayList<>();
    /** What it notifies by. */
    public final List<EventFd> kicks = new ArrayList<>();
    /** What it is notified by. */
    public final List<EventFd> calls = new ArrayList<>();
    /** Where rings stand: as given, then as told. */
    public final int[] bases;
    /** Rings that are enabled. */
    public final boolean[] enabled;
    /** Rings whose doorbells were offered. */
    public final List<Integer> doorbells = new ArrayList<>();
    /** How often a change of the configuration was told. */
    public final AtomicInteger configChanges = new AtomicInteger();
    /** Negotiated features. */
    public volatile long features;
    /** What the driver is given. */
    public final VhostDevice device;

    private final boolean packed;
    private final OwnedFd logFile = MemFd.create("log", LOG_BYTES);
    private @Nullable DirtyLog log;

    /** A guest with some rings. */
    public StubGuest(boolean packed, int count) {
        this.packed = packed;
        features = VirtioFeature.maskOf(VirtioFeature.VERSION_1) | (packed ? VirtioFeature.RING_PACKED.mask() : 0);
        bases = new int[count];
        enabled = new boolean[count];
        Arrays.fill(enabled, true);
        Arrays.fill(bases, packed ? 0x8000_8000 : 0);
        for (int i = 0; i < count; i++) {
            rings.add(DriverRing.create(packed, image, SIZE));
            kicks.add(EventFd.create());
            calls.add(EventFd.create());
        }
        MemFd.addSeals(logFile.fd(), MemFd.F_SEAL_SHRINK);
        device = (VhostDevice) Proxy.newProxyInstance(
                StubGuest.class.getClassLoader(),
                new Class<?>[] {VhostDevice.class, GuestAccess.class},
                (proxy, method, arguments) -> answer(method, arguments == null ? new Object[0] : arguments));
    }

    /** Switches the log on or off. */
    public void logging(boolean on) {
        DirtyLog old = log;
        log = on ? DirtyLog.map(logFile, LOG_BYTES, 0) : null;
        if (old != null) {
            old.release();
        }
    }

    /** Unmarks all pages. */
    public void clearLog() {
        Objects.requireNonNull(log).bits().fill((byte) 0);
    }

    /** Whether the page at a guest address is marked. */
    public boolean isMarked(long gpa) {
        long page = gpa >>> 12;
        return (Objects.requireNonNull(log).bits().get(ValueLayout.JAVA_BYTE, page / 8) >>> page % 8 & 1) == 1;
    }

    /** Gives the guest's receive ring buffers, and its transmit ring frames; and notifies. */
    public void offer(int pair, long bufferGpa, int bufferBytes, byte[] frame, long frameGpa) {
        rings.get(2 * pair).add(List.of(new DriverRing.Buffer(bufferGpa, bufferBytes, true)));
        image.write(frameGpa, new byte[12]);
        image.write(frameGpa + 12, frame);
        rings.get(2 * pair + 1).add(List.of(new DriverRing.Buffer(frameGpa, 12 + frame.length, false)));
        kicks.get(2 * pair).signal();
        kicks.get(2 * pair + 1).signal();
    }

    private @Nullable Object answer(Method method, Object[] arguments) {
        return switch (method.getName()) {
            case "getVringNum" -> rings.size();
            case "getNegotiatedFeatures" -> features;
            case "getNegotiatedProtocolFeatures" -> 0L;
            case "getVhostVring" -> vring((int) arguments[0]);
            case "getVringMemory" -> areas((int) arguments[0]);
            case "getVringBase" -> bases[(int) arguments[0]];
            case "setVringBase" -> {
                bases[(int) arguments[0]] = (int) arguments[1];
                yield null;
            }
            case "kickFd" -> kicks.get((int) arguments[0]).fd();
            case "callFd" -> calls.get((int) arguments[0]).fd();
            case "guestMemory" -> image.memory();
            case "dirtyLog" -> log;
            case "logWrite" -> mark((long) arguments[0], (long) arguments[1]);
            case "logUsedVring" -> null;
            case "hostNotifierCtrl" -> {
                if ((boolean) arguments[1]) {
                    doorbells.add((int) arguments[0]);
                } else {
                    doorbells.remove(arguments[0]);
                }
                yield CompletableFuture.completedFuture(null);
            }
            case "backendConfigChange" -> {
                configChanges.incrementAndGet();
                yield true;
            }
            case "getIfname", "toString" -> "stub";
            case "vid" -> 0;
            case "hashCode" -> System.identityHashCode(this);
            case "equals" -> false;
            default -> throw new AssertionError("a vDPA driver called " + method);
        };
    }

    private @Nullable Object mark(long gpa, long bytes) {
        DirtyLog to = log;
        if (to != null) {
            to.mark(gpa, bytes);
        }
        return null;
    }

    private Vring vring(int index) {
        return new Vring(index, SIZE, packed, true, enabled[index], false);
    }

    private VringMemory areas(int index) {
        RingSetup at = rings.get(index).setup(features, 0);
        return new VringMemory(view(at.desc()), view(at.driver()), view(at.device()), -1);
    }

    private MemorySegment view(long host) {
        long gpa = image.memory().toGuest(host);
        if (gpa == -1) {
            throw new VhostException("the ring is not in memory");
        }
        return image.memory().segment(gpa, 4);
    }

    @Override
    public void close() {
        logging(false);
        logFile.close();
        kicks.forEach(EventFd::close);
        calls.forEach(EventFd::close);
        image.close();
    }
}
