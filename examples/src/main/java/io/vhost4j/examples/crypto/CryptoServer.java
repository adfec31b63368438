// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.examples.crypto;

import io.vhost4j.DriverFlag;
import io.vhost4j.VhostDevice;
import io.vhost4j.VhostDeviceOps;
import io.vhost4j.VhostDriver;
import io.vhost4j.crypto.CryptoCapabilities;
import io.vhost4j.crypto.CryptoCounters;
import io.vhost4j.crypto.CryptoDevice;
import io.vhost4j.crypto.CryptoOptions;
import io.vhost4j.crypto.VhostCrypto;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;

/** Sockets with crypto devices, and threads that serve their queues. */
final class CryptoServer implements VhostDeviceOps, AutoCloseable {
    private final CryptoDevice crypto;
    private final CryptoOptions options;
    private final CryptoEvents events;
    private final List<VhostDriver> drivers = new ArrayList<>();
    private final List<VhostCrypto> devices = new CopyOnWriteArrayList<>();
    private final List<QueueThread> threads = new ArrayList<>();
    private CryptoCounters gone = new CryptoCounters(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

    CryptoServer(CryptoDevice crypto, CryptoOptions options, int threadCount, boolean busy, CryptoEvents events) {
        this.crypto = crypto;
        this.options = options;
        this.events = events;
        for (int i = 0; i < threadCount; i++) {
            threads.add(new QueueThread(devices, i, threadCount, busy, events));
        }
        threads.forEach(Thread::start);
    }

    void serve(Path socket, boolean client, boolean iommu) {
        Set<DriverFlag> flags = EnumSet.noneOf(DriverFlag.class);
        if (client) {
            flags.add(DriverFlag.CLIENT);
        }
        if (iommu) {
            flags.add(DriverFlag.IOMMU_SUPPORT);
        }
        VhostDriver driver = VhostDriver.register(socket, flags.toArray(DriverFlag[]::new));
        drivers.add(driver);
        driver.callbackRegister(this);
        VhostCrypto.driverStart(socket, options);
    }

    CryptoCapabilities capabilities() {
        return crypto.capabilities();
    }

    boolean hasFailed() {
        return threads.stream().anyMatch(QueueThread::hasFailed);
    }

    @Override
    public void newConnection(VhostDevice device) {
        device.attach(VhostCrypto.create(device, crypto, options));
    }

    @Override
    public boolean getConfig(VhostDevice device, int offset, byte[] bytes) {
        return ((VhostCrypto) device.attachment()).getConfig(offset, bytes);
    }

    @Override
    public void newDevice(VhostDevice device) {
        devices.add((VhostCrypto) device.attachment());
        events.deviceUp(device);
    }

    @Override
    public void destroyDevice(VhostDevice device) {
        devices.remove((VhostCrypto) device.attachment());
        events.deviceDown(device);
    }

    @Override
    public void destroyConnection(VhostDevice device) {
        VhostCrypto ended = (VhostCrypto) device.attachment();
        ended.close();
        synchronized (this) {
            gone = sum(gone, ended.counters());
        }
    }

    /** Of all devices, those that are gone included. */
    CryptoCounters counters() {
        CryptoCounters sum;
        synchronized (this) {
            sum = gone;
        }
        for (VhostCrypto device : devices) {
            sum = sum(sum, device.counters());
        }
        return sum;
    }

    private static CryptoCounters sum(CryptoCounters a, CryptoCounters b) {
        return new CryptoCounters(
                a.requests() + b.requests(),
                a.requestBytes() + b.requestBytes(),
                a.ok() + b.ok(),
                a.badMessage() + b.badMessage(),
                a.notSupported() + b.notSupported(),
                a.invalidSession() + b.invalidSession(),
                a.keyRejected() + b.keyRejected(),
                a.failed() + b.failed(),
                a.dropped() + b.dropped(),
                a.sessionsCreated() + b.sessionsCreated(),
                a.sessionsRefused() + b.sessionsRefused(),
                a.sessions() + b.sessions());
    }

    @Override
    public void close() {
        end();
    }

    /** Ends all connections, then the threads. */
    void end() {
        drivers.forEach(VhostDriver::close);
        drivers.clear();
        threads.forEach(QueueThread::end);
    }
}
