// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.drivers.testkit;

import io.vhost4j.VirtioFeature;
import io.vhost4j.core.layout.DescFlags;
import io.vhost4j.core.memory.GuestMemory;
import io.vhost4j.core.memory.HostWindow;
import io.vhost4j.core.ring.ChainBatch;
import io.vhost4j.core.ring.Ring;
import io.vhost4j.core.ring.RingSetup;
import io.vhost4j.drivers.vfio.Mmio;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A virtio-net PCI device at the level of its registers, which sends frames back: every write is noted by the register's name. With
 * {@code intel}, BAR 4 is the live migration block, as in IFCVF; without, the virtio registers are there, as in QEMU's devices.
 */
public final class FakeVirtioPci {
    private static final int BAR_BYTES = 0x4000;
    private static final int DEVICE = 0x2000;
    private static final int NOTIFY = 0x3000;
    private static final int[] CAPABILITIES = {0x40, 0x50, 0x64, 0x74};
    private static final int HEADER = 12;

    /** What was written, in order, as {@code register=value}. */
    public final List<String> writes = new ArrayList<>();
    /** Whether all reads give ones. */
    public volatile boolean gone;
    /** Whether the status never becomes 0. */
    public volatile boolean neverResets;
    /** Whether it refuses features. */
    public volatile boolean refuses;
    /** Whether it takes no interrupt vector for rings. */
    public volatile boolean noVectors;
    /** Whether its rings never stop. */
    public volatile boolean neverStops;
    /** How often each ring says that it still runs when it is to stop. */
    public volatile int stopReads;
    /** How often that was said. */
    public final AtomicInteger stillRunning = new AtomicInteger();
    /** Happens before each write of a register that is no doorbell, and each call of VFIO. */
    public volatile Runnable beforeOperation = () -> {};
    /** Whether it tells of buffers that it does not have. */
    public volatile boolean lies;
    /** Buffers are guest memory, which the device reaches at its guest addresses. */
    public @Nullable GuestMemory guest;

    private final int doorbellStride;

    private final boolean intel;
    private final byte[] config = new byte[256];
    private final Map<Integer, Queue> queues = new HashMap<>();
    private final Map<Long, Integer> migration = new HashMap<>();
    private final int numQueues;
    private final byte[] deviceConfig = {0x52, 0x54, 0, 0, 0, 7, 1, 0, 4, 0, (byte) 0xdc, 5};

    /** Features that it has. */
    public long features = VirtioFeature.maskOf(
            VirtioFeature.VERSION_1,
            VirtioFeature.MAC,
            VirtioFeature.MQ,
            VirtioFeature.CTRL_VQ,
            VirtioFeature.RING_PACKED,
            VirtioFeature.RING_INDIRECT_DESC,
            VirtioFeature.RING_EVENT_IDX,
            VirtioFeature.MRG_RXBUF);

    private FakeVfio machine;
    private int status;
    private int deviceFeatureSelect;
    private int driverFeatureSelect;
    private long driverFeatures;
    private int configVector = 0xffff;
    private int select;

    private static final class Queue {
        int size = 1024;
        int vector = 0xffff;
        int enabled;
        int stopReads;
        long desc;
        long driver;
        long device;

        @Nullable
        Ring ring;
    }

    /** A device with some queue pairs and a control queue. */
    @SuppressWarnings("NullAway.Init")
    public FakeVirtioPci(boolean intel, int pairs) {
        this.intel = intel;
        doorbellStride = intel ? 4096 : 4;
        numQueues = 2 * pairs + 1;
        setConfig16(0, 0x1af4);
        setConfig16(2, 0x1041);
        setConfig16(0x2c, intel ? 0x8086 : 0x1af4);
        setConfig16(0x2e, intel ? 0x001a : 0x1100);
        config[0x34] = (byte) CAPABILITIES[0];
        int bar = registersBar();
        capability(0, 1, bar, 0, 0x1000);
        capability(1, 2, bar, NOTIFY, barBytes(bar) - NOTIFY);
        setConfig32(CAPABILITIES[1] + 16, doorbellStride);
        capability(2, 3, bar, 0x1000, 0x1000);
        capability(3, 4, bar, DEVICE, 0x1000);
        config[CAPABILITIES[3] + 1] = 0;
    }

    private int registersBar() {
        return intel ? 0 : 4;
    }

    /** Writes a capability; the next follows it. */
    public void capability(int number, int type, int bar, long offset, long length) {
        int at = CAPABILITIES[number];
        config[at] = 9;
        config[at + 1] = (byte) CAPABILITIES[(number + 1) % CAPABILITIES.length];
        config[at + 3] = (byte) type;
        config[at + 4] = (byte) bar;
        setConfig32(at + 8, offset);
        setConfig32(at + 12, length);
    }

    /** Has the last capability be followed by the first. */
    public void loopCapabilities() {
        config[CAPABILITIES[3] + 1] = (byte) CAPABILITIES[0];
    }

    /** Sets 16 bits of configuration space. */
    public void setConfig16(int offset, int value) {
        config[offset] = (byte) value;
        config[offset + 1] = (byte) (value >>> 8);
    }

    private void setConfig32(int offset, long value) {
        setConfig16(offset, (int) value);
        setConfig16(offset + 2, (int) (value >>> 16));
    }

    void machine(FakeVfio of) {
        machine = of;
    }

    int config8(int offset) {
        return gone ? 0xff : config[offset] & 0xff;
    }

    int config16(int offset) {
        return config8(offset) | config8(offset + 1) << 8;
    }

    void setConfig8(int offset, int value) {
        config[offset] = (byte) value;
    }

    long barBytes(int bar) {
        if (bar == registersBar()) {
            return BAR_BYTES + (long) doorbellStride * numQueues;
        }
        return intel && bar == 4 ? 0x1000 : 0;
    }

    Mmio bar(int bar) {
        return new Bar(bar);
    }

    /** What a reset of the function does. */
    synchronized void functionReset() {
        status = 0;
        queues.clear();
        config[4] &= (byte) ~6;
    }

    /** The virtio status now. */
    public synchronized int status() {
        return status;
    }

    /** The features that the driver acknowledged. */
    public synchronized long acknowledged() {
        return driverFeatures;
    }

    /** Sets a register of the live migration block. */
    public synchronized void setMigration(long register, int value) {
        migration.put(register, value);
    }

    private final class Bar implements Mmio {
        private final int number;

        Bar(int number) {
            this.number = number;
        }

        @Override
        public long size() {
            return barBytes(number);
        }

        private long read(long offset, int width) {
            Objects.checkFromIndexSize(offset, width, size());
            if (gone) {
                return -1;
            }
            synchronized (FakeVirtioPci.this) {
                if (number != registersBar()) {
                    return migration.getOrDefault(offset, 0);
                }
                if (offset >= DEVICE && offset < NOTIFY) {
                    long value = 0;
                    for (int i = 0; i < width; i++) {
                        long at = offset - DEVICE + i;
                        value |= at < deviceConfig.length ? (deviceConfig[(int) at] & 0xffL) << 8 * i : 0;
                    }
                    return value;
                }
                return common((int) offset);
            }
        }

        private void write(long offset, int value) {
            Objects.checkIndex(offset, size());
            if (offset < NOTIFY || number != registersBar()) {
                beforeOperation.run();
            }
            if (gone) {
                return;
            }
            if (number == registersBar() && offset >= NOTIFY) {
                notified(value, (int) (offset - NOTIFY));
                return;
            }
            synchronized (FakeVirtioPci.this) {
                if (number == registersBar()) {
                    setCommon((int) offset, value);
                } else {
                    writes.add(String.format("lm.%x=%x", offset, value));
                    migration.put(offset, value);
                }
            }
        }

        @Override
        public int get8(long offset) {
            return (int) read(offset, 1) & 0xff;
        }

        @Override
        public int get16(long offset) {
            return (int) read(offset, 2) & 0xffff;
        }

        @Override
        public int get32(long offset) {
            return (int) read(offset, 4);
        }

        @Override
        public void set8(long offset, int value) {
            write(offset, value & 0xff);
        }

        @Override
        public void set16(long offset, int value) {
            write(offset, value & 0xffff);
        }

        @Override
        public void set32(long offset, int value) {
            write(offset, value);
        }

        @Override
        public void close() {}
    }

    private Queue queue() {
        return queues.computeIfAbsent(select, number -> new Queue());
    }

    private long common(int offset) {
        return switch (offset) {
            case 4 -> deviceFeatureSelect == 0 ? features : features >>> 32;
            case 16 -> configVector;
            case 18 -> numQueues;
            case 20 -> neverResets && status == 0 ? 0x80 : status;
            case 21 -> 0;
            case 22 -> select;
            case 24 -> select < numQueues ? queue().size : 0;
            case 26 -> noVectors ? 0xffff : queue().vector;
            case 28 -> stillRuns() ? 1 : queue().enabled;
            case 30 -> select;
            default -> throw new AssertionError("read of register " + offset);
        };
    }

    private boolean stillRuns() {
        Queue now = queue();
        if (!neverStops && now.stopReads == 0) {
            return false;
        }
        now.stopReads--;
        stillRunning.incrementAndGet();
        return true;
    }

    private void setCommon(int offset, int value) {
        writes.add(name(offset) + "=" + Integer.toHexString(value));
        switch (offset) {
            case 0 -> deviceFeatureSelect = value;
            case 8 -> driverFeatureSelect = value;
            case 12 -> setDriverFeatures(value);
            case 16 -> configVector = value;
            case 20 -> setStatus(value);
            case 22 -> select = value;
            case 24 -> queue().size = value;
            case 26 -> queue().vector = value;
            case 28 -> setEnabled(value);
            case 32 -> queue().desc = low(queue().desc, value);
            case 36 -> queue().desc = high(queue().desc, value);
            case 40 -> queue().driver = low(queue().driver, value);
            case 44 -> queue().driver = high(queue().driver, value);
            case 48 -> queue().device = low(queue().device, value);
            case 52 -> queue().device = high(queue().device, value);
            default -> throw new AssertionError("write of register " + offset);
        }
    }

    private static String name(int offset) {
        return switch (offset) {
            case 0 -> "device_feature_select";
            case 8 -> "driver_feature_select";
            case 12 -> "driver_feature";
            case 16 -> "config_vector";
            case 20 -> "status";
            case 22 -> "select";
            case 24 -> "size";
            case 26 -> "vector";
            case 28 -> "enable";
            case 32 -> "desc_low";
            case 36 -> "desc_high";
            case 40 -> "driver_low";
            case 44 -> "driver_high";
            case 48 -> "device_low";
            case 52 -> "device_high";
            default -> "register_" + offset;
        };
    }

    private static long low(long old, int value) {
        return old & 0xffff_ffff_0000_0000L | value & 0xffff_ffffL;
    }

    private static long high(long old, int value) {
        return old & 0xffff_ffffL | (long) value << 32;
    }

    private void setDriverFeatures(int value) {
        driverFeatures = driverFeatureSelect == 0 ? low(driverFeatures, value) : high(driverFeatures, value);
    }

    private void setStatus(int value) {
        if (value == 0) {
            status = 0;
            queues.clear();
            configVector = 0xffff;
            return;
        }
        boolean wrong = refuses || (driverFeatures & ~features) != 0 || !intel && !accessPlatform(driverFeatures);
        status = wrong ? value & ~8 : value;
        if ((status & 4) != 0) {
            queues.forEach(this::begin);
        }
    }

    /** QEMU's devices behind an IOMMU insist on this feature. */
    private boolean accessPlatform(long word) {
        return !VirtioFeature.ACCESS_PLATFORM.in(features) || VirtioFeature.ACCESS_PLATFORM.in(word);
    }

    private void setEnabled(int value) {
        if (value == 0 && !intel) {
            throw new AssertionError("virtio 1.0 does not allow 0 in queue_enable");
        }
        Queue now = queue();
        now.enabled = value;
        now.stopReads = value == 0 ? stopReads : 0;
        Ring ring = now.ring;
        if (value == 0 && ring != null) {
            int base = VirtioFeature.RING_PACKED.in(driverFeatures) ? ring.base() : ring.base() << 16 | ring.base();
            migration.put(stateRegister(select), base);
            now.ring = null;
        }
    }

    private static long stateRegister(int ring) {
        return 0x20 + (ring / 2) * 0x40L + ring % 2 * 4L;
    }

    private void begin(int index, Queue queue) {
        GuestMemory memory = guest;
        if (queue.enabled == 0 || memory == null) {
            return;
        }
        boolean packed = VirtioFeature.RING_PACKED.in(driverFeatures);
        int state = intel ? migration.getOrDefault(stateRegister(index), 0) : packed ? 0x8000_8000 : 0;
        long areas = packed ? 4 : 6 + 2L * queue.size;
        queue.ring = Ring.create(
                new RingSetup(
                        packed,
                        queue.size,
                        machine.translate(queue.desc, 16L * queue.size),
                        machine.translate(queue.driver, areas),
                        machine.translate(queue.device, packed ? 4 : 6 + 8L * queue.size),
                        driverFeatures,
                        packed ? state : state & 0xffff),
                memory,
                null,
                (index & 1) == 0 ? DescFlags.WRITE : 0);
    }

    /** A doorbell was rung: everything that can be sent back is. */
    private void notified(int queue, int offset) {
        if (offset != queue * doorbellStride) {
            throw new AssertionError("doorbell " + queue + " at " + offset);
        }
        synchronized (this) {
            int pair = queue / 2 * 2;
            Queue to = queues.get(pair);
            Queue from = queues.get(pair + 1);
            if ((status & 4) != 0 && from != null && to != null && from.ring != null && to.ring != null) {
                loop(from, from.ring, to, to.ring);
            }
        }
    }

    private void loop(Queue from, Ring source, Queue to, Ring target) {
        // notifications are wanted from here on; what came before is seen in this call
        source.enableNotification(true);
        target.enableNotification(true);
        int moved = 0;
        while (source.gather(1) == 1 && target.gather(1) == 1) {
            ChainBatch sent = source.batch();
            ChainBatch room = target.batch();
            int bytes = (int) sent.totalBytes(0) - HEADER;
            byte[] frame = new byte[bytes];
            copyOut(sent, frame);
            room.writtenBytes[0] = copyIn(room, frame);
            sent.writtenBytes[0] = 0;
            if (lies) {
                room.id[0] = room.id[0] + 1;
            }
            source.publish(1);
            target.publish(1);
            moved++;
            source.enableNotification(true);
            target.enableNotification(true);
        }
        if (moved > 0) {
            if (target.needsNotification()) {
                machine.interrupt(to.vector);
            }
            if (source.needsNotification()) {
                machine.interrupt(from.vector);
            }
        }
    }

    private static void copyOut(ChainBatch batch, byte[] frame) {
        int skip = HEADER;
        int at = 0;
        for (int i = 0; i < batch.firstSegment[1]; i++) {
            int lead = Math.min(skip, batch.length[i]);
            skip -= lead;
            HostWindow.copy(batch.address[i] + lead, frame, at, batch.length[i] - lead);
            at += batch.length[i] - lead;
        }
    }

    private int copyIn(ChainBatch batch, byte[] frame) {
        byte[] all = new byte[HEADER + frame.length];
        all[10] = 1;
        System.arraycopy(frame, 0, all, HEADER, frame.length);
        int at = 0;
        for (int i = 0; i < batch.firstSegment[1] && at < all.length; i++) {
            int bytes = Math.min(batch.length[i], all.length - at);
            HostWindow.copy(all, at, batch.address[i], bytes);
            mark(batch.address[i], bytes);
            at += bytes;
        }
        return at;
    }

    /** The device's own log of what it wrote. */
    private void mark(long host, long bytes) {
        GuestMemory memory = guest;
        if (migration.getOrDefault(0L, 0) == 0 || memory == null) {
            return;
        }
        long base = low(0, migration.getOrDefault(0x10L, 0)) | (long) migration.getOrDefault(0x14L, 0) << 32;
        long gpa = memory.toGuest(host);
        for (long page = gpa >>> 12; page <= (gpa + bytes - 1) >>> 12; page++) {
            HostWindow.orLong(machine.translate(base + page / 64 * 8, 8), 1L << page);
        }
    }
}
