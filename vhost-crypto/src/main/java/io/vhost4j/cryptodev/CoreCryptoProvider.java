// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.cryptodev;

import io.vhost4j.ConfigurationException;
import io.vhost4j.ProtocolFeature;
import io.vhost4j.VhostDevice;
import io.vhost4j.VhostDriver;
import io.vhost4j.VirtioFeature;
import io.vhost4j.core.ring.ChainDriver;
import io.vhost4j.crypto.CryptoDevice;
import io.vhost4j.crypto.CryptoOptions;
import io.vhost4j.crypto.VhostCrypto;
import io.vhost4j.cryptodev.jca.JcaDevice;
import io.vhost4j.spi.CryptoProvider;
import java.security.Provider;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The library's implementation of virtio-crypto. */
public final class CoreCryptoProvider implements CryptoProvider {
    private static final long RING_FEATURES = VirtioFeature.maskOf(
            VirtioFeature.LOG_ALL,
            VirtioFeature.RING_INDIRECT_DESC,
            VirtioFeature.RING_EVENT_IDX,
            VirtioFeature.PROTOCOL_FEATURES,
            VirtioFeature.VERSION_1,
            VirtioFeature.RING_PACKED,
            VirtioFeature.IN_ORDER);

    /** STATUS is left out: QEMU negotiates it for a crypto device, and then never says that the driver is ready. */
    private static final long PROTOCOL_FEATURES = ProtocolFeature.maskOf(
            ProtocolFeature.MQ,
            ProtocolFeature.LOG_SHMFD,
            ProtocolFeature.REPLY_ACK,
            ProtocolFeature.BACKEND_REQ,
            ProtocolFeature.CRYPTO_SESSION,
            ProtocolFeature.INFLIGHT_SHMFD,
            ProtocolFeature.RESET_DEVICE,
            ProtocolFeature.CONFIGURE_MEM_SLOTS);

    /** One for all instances: device ids are the process's. */
    private static final Map<Integer, CryptoBackend> BACKENDS = new ConcurrentHashMap<>();

    /** For {@link java.util.ServiceLoader}. */
    public CoreCryptoProvider() {}

    @Override
    public void start(VhostDriver driver, CryptoOptions options) {
        if (!(driver instanceof ChainDriver chains)) {
            throw new ConfigurationException(driver.path() + ": its driver is not of this library");
        }
        long iommu = driver.getFeatures() & VirtioFeature.ACCESS_PLATFORM.mask();
        chains.serveChains();
        long device = 1L << CryptoLayout.F_REVISION_1;
        if (options.stateless()) {
            device |= (1L << CryptoLayout.SERVICES) - 1 << CryptoLayout.F_CIPHER_STATELESS;
        }
        driver.setFeatures(RING_FEATURES | device | iommu);
        // a front-end that serves the control queue has the configuration space too, and QEMU warns of the feature
        long config = options.controlQueue() ? ProtocolFeature.CONFIG.mask() : 0;
        driver.setProtocolFeatures(
                PROTOCOL_FEATURES | config | driver.getProtocolFeatures() & ProtocolFeature.PAGEFAULT.mask());
        int rings = options.dataQueues() + (options.controlQueue() ? 1 : 0);
        driver.setMaxQueueNum((rings + 1) / 2);
        driver.start();
    }

    @Override
    public VhostCrypto create(VhostDevice device, CryptoDevice crypto, CryptoOptions options) {
        int vid = device.vid();
        CryptoBackend made = new CryptoBackend(device, crypto, options, () -> BACKENDS.remove(vid));
        BACKENDS.put(vid, made);
        return made;
    }

    @Override
    public @Nullable VhostCrypto find(int vid) {
        return BACKENDS.get(vid);
    }

    @Override
    public CryptoDevice jca(@Nullable Provider provider) {
        return new JcaDevice(provider);
    }
}
