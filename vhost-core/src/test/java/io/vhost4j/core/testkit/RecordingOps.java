// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import io.vhost4j.VhostDevice;
import io.vhost4j.VhostDeviceOps;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** Writes down the callbacks, in order, and can react to them. */
public final class RecordingOps implements VhostDeviceOps {
    private static final long TIMEOUT_SECONDS = 10;

    private final BlockingQueue<String> events = new LinkedBlockingQueue<>();
    private volatile BiConsumer<String, VhostDevice> reaction = (event, device) -> {};
    private volatile @Nullable VhostDevice device;
    private volatile byte[] config = {};

    /** Nothing written yet. */
    public RecordingOps() {}

    /** Runs with each callback's name, inside the callback. */
    public void react(BiConsumer<String, VhostDevice> newReaction) {
        reaction = newReaction;
    }

    /** The device of the last callback. */
    public VhostDevice device() {
        VhostDevice last = device;
        assertNotNull(last, "no callback so far");
        return last;
    }

    /** All callbacks since the last call of this method. */
    public List<String> drain() {
        List<String> all = new ArrayList<>();
        events.drainTo(all);
        return all;
    }

    /** Waits for the next callbacks, which must be these. */
    public void await(String... expected) throws InterruptedException {
        List<String> seen = new ArrayList<>();
        for (int i = 0; i < expected.length; i++) {
            String event = events.poll(TIMEOUT_SECONDS, TimeUnit.SECONDS);
            if (event == null) {
                break;
            }
            seen.add(event);
        }
        assertEquals(List.of(expected), seen);
    }

    private void record(String event, VhostDevice of) {
        device = of;
        events.add(event);
        reaction.accept(event, of);
    }

    @Override
    public void newDevice(VhostDevice of) {
        record("newDevice", of);
    }

    @Override
    public void destroyDevice(VhostDevice of) {
        record("destroyDevice", of);
    }

    @Override
    public void vringStateChanged(VhostDevice of, int queueId, boolean enabled) {
        record("vring " + queueId + " " + enabled, of);
    }

    @Override
    public void featuresChanged(VhostDevice of, long features) {
        record("featuresChanged", of);
    }

    /** What the configuration space holds; its length is where it ends. */
    public void config(byte[] bytes) {
        config = bytes;
    }

    /** The configuration space. */
    public byte[] config() {
        return config;
    }

    @Override
    public boolean getConfig(VhostDevice of, int offset, byte[] into) {
        if (offset + into.length > config.length) {
            return false;
        }
        System.arraycopy(config, offset, into, 0, into.length);
        return true;
    }

    @Override
    public boolean setConfig(VhostDevice of, int offset, byte[] bytes, boolean migration) {
        record("setConfig " + offset + (migration ? " migration" : ""), of);
        if (offset + bytes.length > config.length) {
            return false;
        }
        System.arraycopy(bytes, 0, config, offset, bytes.length);
        return true;
    }

    @Override
    public void newConnection(VhostDevice of) {
        record("newConnection", of);
    }

    @Override
    public void destroyConnection(VhostDevice of) {
        record("destroyConnection", of);
    }
}
