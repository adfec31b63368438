// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.drivers.ifcvf;

import io.vhost4j.VhostException;
import io.vhost4j.drivers.vfio.VfioDevice;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * The device at the level of its registers: what is written when. Control methods one thread at a time; {@link #ring} on any while the
 * device runs.
 */
final class IfcvfHardware {
    /** Reads of a configuration that changes all the time. */
    private static final int ATTEMPTS = 100;

    private static final long WAIT_NANOS = TimeUnit.MILLISECONDS.toNanos(1);
    /** For a reset. All of this is on the thread that serves every socket's messages, so a device does not get long. */
    private static final long RESET_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    /** For all rings together, as there may be many. */
    private static final long STOP_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

    private static final int ALL_ONES_8 = 0xff;
    private static final int ALL_ONES_16 = 0xffff;

    private final String name;
    private final VirtioPciMap map;
    private final boolean net;
    private long[] doorbells = new long[0];

    /**
     * A ring as the device is told of it; addresses are those that it uses for DMA.
     *
     * @param index its number
     * @param size descriptors
     * @param desc descriptors
     * @param driver available ring or driver event area
     * @param device used ring or device event area
     * @param state positions, available in the low half, used in the high one
     */
    record Queue(int index, int size, long desc, long driver, long device, int state) {}

    IfcvfHardware(VfioDevice device, VirtioPciMap map, boolean net) {
        name = "PCI device " + device.address();
        this.map = map;
        this.net = net;
    }

    /** Whether ring states can be set and read, and writes be logged by the device. */
    boolean hasMigration() {
        return map.migration() != null;
    }

    /** Rings of the device, the control queue among them. */
    int queues() {
        int queues = map.common().get16(PciLayout.NUM_QUEUES);
        if (queues == ALL_ONES_16) {
            throw gone();
        }
        return queues;
    }

    /** Features of the device. */
    long features() {
        Registers common = map.common();
        common.set32(PciLayout.DEVICE_FEATURE_SELECT, 0);
        long low = Integer.toUnsignedLong(common.get32(PciLayout.DEVICE_FEATURE));
        common.set32(PciLayout.DEVICE_FEATURE_SELECT, 1);
        long high = Integer.toUnsignedLong(common.get32(PciLayout.DEVICE_FEATURE));
        if (low == 0xffff_ffffL && high == 0xffff_ffffL) {
            throw gone();
        }
        return high << 32 | low;
    }

    /**
     * Resets the device and starts it.
     *
     * @param features what to acknowledge
     * @param version1 whether the driver is a virtio 1.0 one, for which the device must accept its features
     * @throws VhostException if it does not answer as it must
     */
    void start(long features, boolean version1, List<Queue> queues) {
        Registers common = map.common();
        reset();
        addStatus(PciLayout.STATUS_ACKNOWLEDGE);
        addStatus(PciLayout.STATUS_DRIVER);
        common.set32(PciLayout.DRIVER_FEATURE_SELECT, 0);
        common.set32(PciLayout.DRIVER_FEATURE, (int) features);
        common.set32(PciLayout.DRIVER_FEATURE_SELECT, 1);
        common.set32(PciLayout.DRIVER_FEATURE, (int) (features >>> 32));
        addStatus(PciLayout.STATUS_FEATURES_OK);
        if ((status() & PciLayout.STATUS_FEATURES_OK) == 0 && version1) {
            throw failure("refuses the features 0x" + Long.toHexString(features));
        }
        common.set16(PciLayout.CONFIG_VECTOR, 0);
        if (common.get16(PciLayout.CONFIG_VECTOR) == PciLayout.NO_VECTOR) {
            throw failure("takes no interrupt vector for changes of its configuration");
        }
        doorbells = new long[queues.stream().mapToInt(Queue::index).max().orElse(-1) + 1];
        for (Queue queue : queues) {
            setUp(queue);
        }
        setMultiQueue(queues);
        addStatus(PciLayout.STATUS_DRIVER_OK);
    }

    private void setUp(Queue queue) {
        Registers common = map.common();
        int index = queue.index();
        common.set16(PciLayout.QUEUE_SELECT, index);
        int most = common.get16(PciLayout.QUEUE_SIZE);
        if (most == 0 || queue.size() > most) {
            throw failure("ring " + index + ": has " + most + " descriptors at most, " + queue.size() + " are needed");
        }
        common.set64(PciLayout.QUEUE_DESC, queue.desc());
        common.set64(PciLayout.QUEUE_DRIVER, queue.driver());
        common.set64(PciLayout.QUEUE_DEVICE, queue.device());
        common.set16(PciLayout.QUEUE_SIZE, queue.size());
        Registers migration = map.migration();
        if (migration != null) {
            migration.set32(PciLayout.ringState(index, net), queue.state());
        }
        common.set16(PciLayout.QUEUE_VECTOR, index + 1);
        if (common.get16(PciLayout.QUEUE_VECTOR) == PciLayout.NO_VECTOR) {
            throw failure("ring " + index + ": takes no interrupt vector");
        }
        doorbells[index] = doorbell(index);
        common.set16(PciLayout.QUEUE_ENABLE, 1);
    }

    /** Where the selected ring's doorbell is in its window. */
    private long doorbell(int index) {
        long number = map.common().get16(PciLayout.QUEUE_NOTIFY_OFF);
        long offset = number * map.doorbellStride();
        if (offset > map.doorbells().bytes() - Short.BYTES || offset % Short.BYTES != 0) {
            throw failure("ring " + index + ": its doorbell " + number + " at " + offset + " is outside of "
                    + map.doorbells().bytes() + " bytes");
        }
        return offset;
    }

    private void setMultiQueue(List<Queue> queues) {
        Registers migration = map.migration();
        if (migration != null) {
            migration.set32(PciLayout.LM_MQ, net ? (queues.size() + 1) / 2 : queues.size());
        }
    }

    /** Notifies the device of a ring. */
    void ring(int index) {
        map.doorbells().set16(doorbells[index], index);
    }

    /** Where a ring's doorbell is in its BAR, once started; -1 if it was not. */
    long doorbellInBar(int index) {
        return index < doorbells.length ? map.doorbells().offset() + doorbells[index] : -1;
    }

    /** The BAR of the doorbells. */
    int doorbellBar() {
        return map.doorbells().bar();
    }

    /** Bytes between two doorbells. */
    long doorbellStride() {
        return map.doorbellStride();
    }

    /**
     * Stops the rings, and resets the device.
     *
     * @param states receives the state of each ring by its place in {@code queues}, if the device has states
     * @throws VhostException if the device does not stop; it was reset as far as it let itself be
     */
    void stop(List<Queue> queues, int[] states) {
        Registers common = map.common();
        long until = System.nanoTime() + STOP_NANOS;
        common.set16(PciLayout.CONFIG_VECTOR, PciLayout.NO_VECTOR);
        for (int i = 0; i < queues.size(); i++) {
            common.set16(PciLayout.QUEUE_SELECT, queues.get(i).index());
            if (map.migration() != null) {
                // only Intel's may be stopped ring by ring
                common.set16(PciLayout.QUEUE_ENABLE, 0);
            }
            common.set16(PciLayout.QUEUE_VECTOR, PciLayout.NO_VECTOR);
            states[i] = awaitStopped(queues.get(i).index(), until);
        }
        reset();
    }

    private int awaitStopped(int index, long until) {
        Registers migration = map.migration();
        if (migration == null) {
            return 0;
        }
        for (int on = enabled(); on != 0; on = enabled()) {
            if (isOver(until)) {
                throw failure("ring " + index + ": does not stop; all rings together have "
                        + TimeUnit.NANOSECONDS.toMillis(STOP_NANOS) + " ms");
            }
            LockSupport.parkNanos(WAIT_NANOS);
        }
        int state = migration.get32(PciLayout.ringState(index, net));
        while (!net && (state & 0xffff) != state >>> 16 && !isOver(until)) {
            LockSupport.parkNanos(WAIT_NANOS);
            state = migration.get32(PciLayout.ringState(index, false));
        }
        return state;
    }

    /** Whether the selected ring runs, not 0 if it does. */
    private int enabled() {
        int enabled = map.common().get16(PciLayout.QUEUE_ENABLE);
        if (enabled == ALL_ONES_16) {
            throw gone();
        }
        return enabled;
    }

    private static boolean isOver(long until) {
        return System.nanoTime() - until > 0;
    }

    /**
     * Resets the device.
     *
     * @throws VhostException if it does not answer, or does not end the reset
     */
    void reset() {
        long until = System.nanoTime() + RESET_NANOS;
        map.common().set8(PciLayout.STATUS, 0);
        while (status() != 0) {
            if (isOver(until)) {
                throw failure("does not reset: its status stays 0x" + Integer.toHexString(status()));
            }
            LockSupport.parkNanos(WAIT_NANOS);
        }
    }

    private int status() {
        int status = map.common().get8(PciLayout.STATUS);
        if (status == ALL_ONES_8) {
            throw gone();
        }
        return status;
    }

    private void addStatus(int bits) {
        map.common().set8(PciLayout.STATUS, status() | bits);
    }

    /** Has the device log what it writes, at addresses that it can reach. */
    void startLogging(long base, long bytes) {
        Registers migration = map.migration();
        if (migration != null) {
            migration.set32(PciLayout.LM_BASE_LOW, (int) base);
            migration.set32(PciLayout.LM_BASE_HIGH, (int) (base >>> 32));
            migration.set32(PciLayout.LM_END_LOW, (int) (base + bytes));
            migration.set32(PciLayout.LM_END_HIGH, (int) ((base + bytes) >>> 32));
            migration.set32(PciLayout.LM_LOGGING, PciLayout.LM_LOGGING_VF);
        }
    }

    /** Ends {@link #startLogging}. */
    void stopLogging() {
        Registers migration = map.migration();
        if (migration != null) {
            migration.set32(PciLayout.LM_LOGGING, PciLayout.LM_LOGGING_OFF);
        }
    }

    /** Reads the configuration of the device: what does not change in between (virtio 1.2 §4.1.4.3.1). */
    boolean readConfig(int offset, byte[] into) {
        Registers config = map.config();
        if (config == null || offset >= config.bytes()) {
            return false;
        }
        int before;
        int attempts = 0;
        do {
            before = map.common().get8(PciLayout.CONFIG_GENERATION);
            for (int i = 0; i < into.length; i++) {
                into[i] = offset + i < config.bytes() ? (byte) config.get8(offset + i) : 0;
            }
            attempts++;
        } while (before != map.common().get8(PciLayout.CONFIG_GENERATION) && attempts < ATTEMPTS);
        return true;
    }

    /** Writes the configuration of the device. */
    boolean writeConfig(int offset, byte[] bytes) {
        Registers config = map.config();
        if (config == null || offset + bytes.length > config.bytes()) {
            return false;
        }
        for (int i = 0; i < bytes.length; i++) {
            config.set8(offset + i, bytes[i]);
        }
        return true;
    }

    private VhostException gone() {
        return failure("does not answer: its registers read as all ones; it may have been unplugged or reset");
    }

    private VhostException failure(String what) {
        return new VhostException(name + ": " + what);
    }
}
