// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.cryptodev;

import io.vhost4j.crypto.AeadAlgorithm;
import io.vhost4j.crypto.AsymmetricAlgorithm;
import io.vhost4j.crypto.CipherAlgorithm;
import io.vhost4j.crypto.CryptoCapabilities;
import io.vhost4j.crypto.CryptoOptions;
import io.vhost4j.crypto.HashAlgorithm;
import io.vhost4j.crypto.MacAlgorithm;
import java.util.Set;
import java.util.function.ToIntFunction;

/** The configuration space (virtio 1.2 §5.9.5). */
final class ConfigBytes {
    private static final int HW_READY = 1;

    private ConfigBytes() {}

    static byte[] of(CryptoCapabilities can, CryptoOptions options) {
        long ciphers = bits(can.ciphers(), CipherAlgorithm::code);
        long hashes = bits(can.hashes(), HashAlgorithm::code);
        long macs = bits(can.macs(), MacAlgorithm::code);
        long aeads = bits(can.aeads(), AeadAlgorithm::code);
        long asymmetric = bits(can.asymmetric(), AsymmetricAlgorithm::code);
        byte[] config = new byte[CryptoLayout.CONFIG_BYTES];
        Bytes.setInt(config, 0, HW_READY);
        Bytes.setInt(config, 4, options.dataQueues());
        Bytes.setInt(config, 8, services(ciphers, hashes, macs, aeads, asymmetric));
        Bytes.setLong(config, 12, ciphers);
        Bytes.setInt(config, 20, (int) hashes);
        Bytes.setLong(config, 24, macs);
        Bytes.setInt(config, 32, (int) aeads);
        Bytes.setInt(config, 36, can.maxCipherKeyBytes());
        Bytes.setInt(config, 40, can.maxAuthKeyBytes());
        Bytes.setInt(config, 44, (int) asymmetric);
        Bytes.setLong(config, 48, options.maxRequestBytes());
        return config;
    }

    private static int services(long... masks) {
        int services = 0;
        for (int i = 0; i < masks.length; i++) {
            services |= masks[i] == 0 ? 0 : 1 << i;
        }
        return services;
    }

    private static <T> long bits(Set<T> set, ToIntFunction<T> code) {
        long bits = 0;
        for (T one : set) {
            bits |= 1L << code.applyAsInt(one);
        }
        return bits;
    }
}
