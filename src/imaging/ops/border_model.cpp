#include "imaging/ops/border_model.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace darkroom::imaging {
namespace {

constexpr double band_share = 0.025;  // of the width
constexpr int trimming_rounds = 4;
constexpr float trim_at_sigmas = 4;
const cv::Vec3f sigma_floor(1.0F, 0.8F, 0.8F);
constexpr int cluster_count = 5;
constexpr double cluster_share_min = 0.004;  // the grooves between boards are few pixels, but all around
constexpr int sectors = 24;                  // the rim cut into pieces, clockwise
constexpr int sectors_min = 4;  // a colour met in fewer is more likely a subject that touches the frame
constexpr std::size_t samples_max = 6000;

struct Sample {
    cv::Vec3f lab;
    cv::Point2f at;  // -1..1
    int sector = 0;
};

using Samples = std::vector<Sample>;
using Terms = cv::Vec<double, 6>;

Terms terms(cv::Point2f at) { return {1, at.x, at.y, at.x * at.x, at.x * at.y, at.y * at.y}; }

cv::Point2f normalised(int x, int y, cv::Size size) {
    return {2.0F * (static_cast<float>(x) + 0.5F) / static_cast<float>(size.width) - 1,
            2.0F * (static_cast<float>(y) + 0.5F) / static_cast<float>(size.height) - 1};
}

int sector_of(cv::Point2f at) {
    const double turn = (std::atan2(at.y, at.x) + CV_PI) / (2 * CV_PI);
    return std::clamp(static_cast<int>(turn * sectors), 0, sectors - 1);
}

Samples band_samples(const cv::Mat& lab) {
    const int band = std::max(2, cvRound(band_share * lab.cols));
    const auto in_band = [&](int x, int y) {
        return std::min({x, y, lab.cols - 1 - x, lab.rows - 1 - y}) < band;
    };
    const std::size_t total =
        2 * static_cast<std::size_t>(band) * static_cast<std::size_t>(lab.cols + lab.rows);
    const std::size_t step = std::max<std::size_t>(1, total / samples_max);
    Samples samples;
    std::size_t index = 0;
    for (int y = 0; y < lab.rows; ++y) {
        for (int x = 0; x < lab.cols; ++x) {
            if (!in_band(x, y) || index++ % step != 0) continue;
            const cv::Point2f at = normalised(x, y, lab.size());
            samples.push_back({lab.at<cv::Vec3f>(y, x), at, sector_of(at)});
        }
    }
    return samples;
}

float median(std::vector<float>& values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

/// 1.4826 times the median of |residual| is sigma where the residuals are normal, and ignores outliers.
float robust_sigma(std::vector<float>& absolute_residuals, float floor) {
    return absolute_residuals.empty() ? floor : std::max(floor, 1.4826F * median(absolute_residuals));
}

struct Surface {
    std::array<Terms, 3> coefficients;
    cv::Vec3f sigma;

    cv::Vec3f at(cv::Point2f point) const {
        const Terms t = terms(point);
        return {static_cast<float>(coefficients[0].dot(t)), static_cast<float>(coefficients[1].dot(t)),
                static_cast<float>(coefficients[2].dot(t))};
    }
};

void fit_coefficients(const Samples& samples, const std::vector<char>& kept, Surface& surface) {
    cv::Matx66d left = cv::Matx66d::eye() * 1e-6;  // enough to solve where all samples have one colour
    cv::Matx<double, 6, 3> right = cv::Matx<double, 6, 3>::zeros();
    for (std::size_t i = 0; i < samples.size(); ++i) {
        if (kept[i] == 0) continue;
        const Terms t = terms(samples[i].at);
        left += t * t.t();
        for (int row = 0; row < 6; ++row) {
            for (int c = 0; c < 3; ++c) right(row, c) += t[row] * samples[i].lab[c];
        }
    }
    const cv::Matx<double, 6, 3> solved = left.solve(right, cv::DECOMP_CHOLESKY);
    for (int c = 0; c < 3; ++c) {
        for (int row = 0; row < 6; ++row)
            surface.coefficients[static_cast<std::size_t>(c)][row] = solved(row, c);
    }
}

Surface fit_surface(const Samples& samples) {
    Surface surface{};
    std::vector<char> kept(samples.size(), 1);
    std::array<std::vector<float>, 3> residuals;
    for (int round = 0; round < trimming_rounds; ++round) {
        fit_coefficients(samples, kept, surface);
        for (auto& list : residuals) list.clear();
        for (std::size_t i = 0; i < samples.size(); ++i) {
            if (kept[i] == 0) continue;
            const cv::Vec3f off = samples[i].lab - surface.at(samples[i].at);
            for (int c = 0; c < 3; ++c) residuals[static_cast<std::size_t>(c)].push_back(std::abs(off[c]));
        }
        for (int c = 0; c < 3; ++c) {
            surface.sigma[c] = robust_sigma(residuals[static_cast<std::size_t>(c)], sigma_floor[c]);
        }
        for (std::size_t i = 0; i < samples.size(); ++i) {
            const cv::Vec3f off = samples[i].lab - surface.at(samples[i].at);
            kept[i] = static_cast<char>(std::abs(off[0]) < trim_at_sigmas * surface.sigma[0] &&
                                        std::abs(off[1]) < trim_at_sigmas * surface.sigma[1] &&
                                        std::abs(off[2]) < trim_at_sigmas * surface.sigma[2]);
        }
    }
    return surface;
}

float squared_sigmas(cv::Vec3f off, cv::Vec3f sigma) {
    const cv::Vec3f t(off[0] / sigma[0], off[1] / sigma[1], off[2] / sigma[2]);
    return t.dot(t);
}

struct Cluster {
    cv::Vec3f colour;
    cv::Vec3f sigma;
};

std::size_t nearest(const std::vector<cv::Vec3f>& centres, cv::Vec3f lab) {
    std::size_t best = 0;
    double best_distance = std::numeric_limits<double>::max();
    for (std::size_t k = 0; k < centres.size(); ++k) {
        const double distance = cv::norm(lab - centres[k], cv::NORM_L2SQR);
        if (distance < best_distance) {
            best = k;
            best_distance = distance;
        }
    }
    return best;
}

/// k-means that starts with the colour farthest from those it has: no chance in it, unlike cv::kmeans.
std::vector<cv::Vec3f> cluster_centres(const Samples& samples) {
    std::vector<cv::Vec3f> centres{samples[samples.size() / 2].lab};
    while (centres.size() < cluster_count) {
        const auto farthest =
            std::max_element(samples.begin(), samples.end(), [&](const Sample& a, const Sample& b) {
                return cv::norm(a.lab - centres[nearest(centres, a.lab)]) <
                       cv::norm(b.lab - centres[nearest(centres, b.lab)]);
            });
        centres.push_back(farthest->lab);
    }
    for (int round = 0; round < 12; ++round) {
        std::vector<cv::Vec3d> sums(centres.size());
        std::vector<int> counts(centres.size());
        for (const Sample& sample : samples) {
            const std::size_t k = nearest(centres, sample.lab);
            sums[k] += cv::Vec3d(sample.lab);
            ++counts[k];
        }
        for (std::size_t k = 0; k < centres.size(); ++k) {
            if (counts[k] > 0) centres[k] = cv::Vec3f(sums[k] / counts[k]);
        }
    }
    return centres;
}

bool runs_along_the_rim(const std::array<int, sectors>& counts, std::size_t total) {
    const auto enough = static_cast<int>(0.15 * static_cast<double>(total) / sectors);
    return std::count_if(counts.begin(), counts.end(), [&](int n) { return n > enough; }) >= sectors_min;
}

std::vector<Cluster> fit_clusters(const Samples& samples) {
    const std::vector<cv::Vec3f> centres = cluster_centres(samples);
    std::vector<Cluster> clusters;
    for (std::size_t k = 0; k < centres.size(); ++k) {
        std::array<std::vector<float>, 3> residuals;
        std::array<int, sectors> by_sector{};
        for (const Sample& sample : samples) {
            if (nearest(centres, sample.lab) != k) continue;
            ++by_sector[static_cast<std::size_t>(sample.sector)];
            for (int c = 0; c < 3; ++c) {
                residuals[static_cast<std::size_t>(c)].push_back(std::abs(sample.lab[c] - centres[k][c]));
            }
        }
        if (static_cast<double>(residuals[0].size()) <
            cluster_share_min * static_cast<double>(samples.size()))
            continue;
        if (!runs_along_the_rim(by_sector, residuals[0].size())) continue;
        Cluster cluster{.colour = centres[k], .sigma = {}};
        for (int c = 0; c < 3; ++c) {
            cluster.sigma[c] = robust_sigma(residuals[static_cast<std::size_t>(c)], sigma_floor[c]);
        }
        clusters.push_back(cluster);
    }
    return clusters;
}

}  // namespace

BorderModel model_border(const cv::Mat& lab) {
    const Samples samples = band_samples(lab);
    const Surface surface = fit_surface(samples);
    const std::vector<Cluster> clusters = fit_clusters(samples);
    BorderModel model{
        .distance = cv::Mat(lab.size(), CV_32F), .surface = cv::Mat(lab.size(), CV_32FC3), .colours = {}};
    const auto distance = [&](cv::Vec3f pixel, cv::Vec3f expected) {
        float best = squared_sigmas(pixel - expected, surface.sigma);
        for (const Cluster& cluster : clusters)
            best = std::min(best, squared_sigmas(pixel - cluster.colour, cluster.sigma));
        return std::sqrt(best);
    };
    for (int y = 0; y < lab.rows; ++y) {
        for (int x = 0; x < lab.cols; ++x) {
            const cv::Vec3f expected = surface.at(normalised(x, y, lab.size()));
            model.surface.at<cv::Vec3f>(y, x) = expected;
            model.distance.at<float>(y, x) = distance(lab.at<cv::Vec3f>(y, x), expected);
        }
    }
    for (const Cluster& cluster : clusters) model.colours.push_back(cluster.colour);
    std::vector<float> on_band;
    for (const Sample& sample : samples) on_band.push_back(distance(sample.lab, surface.at(sample.at)));
    const auto p90 = on_band.begin() + static_cast<std::ptrdiff_t>(on_band.size() * 9 / 10);
    std::nth_element(on_band.begin(), p90, on_band.end());
    model.near = std::clamp(1.15F * *p90, 2.2F, 6.0F);
    model.far = 2 * model.near;
    return model;
}

}  // namespace darkroom::imaging
